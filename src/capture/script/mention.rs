//! The names inside definitions: every place where the definition of one object says the name of another.
//!
//! A rename walks them. A new field that holds a name gets a line here.

use crate::catalog::{
    Argument, BaseType, Body, CastMethod, Column, ConstraintKind, DataType, Definition, Expression, Identity, IndexKey, OperatorClassItem,
    QualifiedName, Query,
};

/// A name, or a text with names in it.
pub(crate) enum Mention<'d> {
    /// Of a relation.
    Relation(&'d mut QualifiedName),
    /// Of a type, as it is used.
    Type(&'d mut DataType),
    /// Of a composite type, alone.
    TypeName(&'d mut QualifiedName),
    /// Of an index.
    Index(&'d mut QualifiedName),
    /// Of a function, without arguments.
    Routine(&'d mut QualifiedName),
    /// Of an operator, without operands.
    Operator(&'d mut QualifiedName),
    /// Of an operator class.
    OperatorClass(&'d mut QualifiedName),
    /// Of an operator family.
    OperatorFamily(&'d mut QualifiedName),
    /// Of a collation.
    Collation(&'d mut QualifiedName),
    /// Of a text search parser, dictionary or template.
    TextSearch(&'d mut QualifiedName),
    /// Of an object with its whole identity.
    Object(&'d mut Identity),
    /// Of a schema.
    Schema(&'d mut String),
    /// An expression, over the columns of the object's relation if it has one.
    Expression(&'d mut Expression),
    /// An expression whose value goes into something of that type.
    Assigned(&'d mut Expression, &'d DataType),
    /// A query.
    Query(&'d mut Query),
    /// The body of a routine in SQL.
    Body(&'d mut String),
}

/// Visits every name in a definition.
pub(crate) fn each(definition: &mut Definition, visit: &mut dyn FnMut(Mention<'_>)) {
    use Mention as M;
    match definition {
        Definition::Schema(_)
        | Definition::Enum(_)
        | Definition::Collation(_)
        | Definition::UserMapping(_)
        | Definition::Subscription(_) => {}
        Definition::Extension(it) => it.schema.iter_mut().for_each(|it| visit(M::Schema(it))),
        Definition::Language(it) => {
            [&mut it.handler, &mut it.inline, &mut it.validator].into_iter().flatten().for_each(|it| visit(M::Routine(it)));
        }
        Definition::AccessMethod(it) => visit(M::Routine(&mut it.handler)),
        Definition::Conversion(it) => visit(M::Routine(&mut it.function)),
        Definition::BaseType(BaseType::Shell) => {}
        Definition::BaseType(BaseType::Defined(it)) => {
            let always = [&mut it.input, &mut it.output].into_iter();
            let optional = [&mut it.receive, &mut it.send, &mut it.modifiers_in, &mut it.modifiers_out, &mut it.analyze, &mut it.subscript];
            always.chain(optional.into_iter().flatten()).for_each(|it| visit(M::Routine(it)));
            it.element.iter_mut().for_each(|it| visit(M::Type(it)));
        }
        Definition::Domain(it) => {
            visit(M::Type(&mut it.base));
            it.collation.iter_mut().for_each(|it| visit(M::Collation(it)));
            it.default.iter_mut().for_each(|default| visit(M::Assigned(default, &it.base)));
        }
        Definition::Composite(it) => {
            for it in &mut it.attributes {
                visit(M::Type(&mut it.data_type));
                it.collation.iter_mut().for_each(|it| visit(M::Collation(it)));
            }
        }
        Definition::Range(it) => {
            visit(M::Type(&mut it.subtype));
            it.operator_class.iter_mut().for_each(|it| visit(M::OperatorClass(it)));
            it.collation.iter_mut().for_each(|it| visit(M::Collation(it)));
            it.canonical.iter_mut().chain(&mut it.subtype_diff).for_each(|it| visit(M::Routine(it)));
        }
        Definition::Sequence(it) => {
            visit(M::Type(&mut it.options.data_type));
            it.owner.iter_mut().for_each(|it| visit(M::Relation(&mut it.table)));
        }
        Definition::Table(it) => {
            it.columns.iter_mut().for_each(|it| column(it, visit));
            it.of_type.iter_mut().for_each(|it| visit(M::TypeName(it)));
            it.inherits.iter_mut().for_each(|it| visit(M::Relation(it)));
            it.partition_of.iter_mut().for_each(|it| visit(M::Relation(&mut it.parent)));
            it.partition_key.iter_mut().for_each(|it| keys(&mut it.keys, visit));
        }
        Definition::ForeignTable(it) => {
            it.columns.iter_mut().for_each(|it| column(it, visit));
            it.inherits.iter_mut().for_each(|it| visit(M::Relation(it)));
            it.partition_of.iter_mut().for_each(|it| visit(M::Relation(&mut it.parent)));
        }
        Definition::ForeignDataWrapper(it) => it.handler.iter_mut().chain(&mut it.validator).for_each(|it| visit(M::Routine(it))),
        Definition::ForeignServer(_) | Definition::DefaultPrivileges(_) => {}
        Definition::Constraint(it) => match &mut it.kind {
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::NotNull { .. } => {}
            ConstraintKind::Check(it) => visit(M::Expression(it)),
            ConstraintKind::Exclusion { elements, predicate, .. } => {
                for it in elements {
                    keys(std::slice::from_mut(&mut it.key), visit);
                    visit(M::Operator(&mut it.operator));
                }
                predicate.iter_mut().for_each(|it| visit(M::Expression(it)));
            }
            ConstraintKind::ForeignKey(it) => visit(M::Relation(&mut it.references)),
        },
        Definition::Index(it) => {
            keys(&mut it.keys, visit);
            it.predicate.iter_mut().for_each(|it| visit(M::Expression(it)));
            it.partition_of.iter_mut().for_each(|it| visit(M::Index(it)));
        }
        Definition::View(it) => {
            for it in &mut it.columns {
                it.data_type.iter_mut().for_each(|it| visit(M::Type(it)));
                it.default.iter_mut().for_each(|it| visit(M::Expression(it)));
            }
            visit(M::Query(&mut it.query));
        }
        Definition::MaterializedView(it) => {
            it.columns.iter_mut().filter_map(|it| it.data_type.as_mut()).for_each(|it| visit(M::Type(it)));
            visit(M::Query(&mut it.query));
        }
        Definition::Function(it) | Definition::Procedure(it) => {
            arguments(&mut it.arguments, visit);
            visit(M::Type(&mut it.returns));
            it.support.iter_mut().for_each(|it| visit(M::Routine(it)));
            it.transforms.iter_mut().for_each(|it| visit(M::Type(it)));
            if let Body::Sql(it) = &mut it.body {
                visit(M::Body(it));
            }
        }
        Definition::Aggregate(it) => {
            arguments(&mut it.arguments, visit);
            visit(M::Routine(&mut it.transition));
            visit(M::Type(&mut it.state));
            it.returns.iter_mut().for_each(|it| visit(M::Type(it)));
            it.functions.iter_mut().for_each(|it| visit(M::Object(it)));
        }
        Definition::Operator(it) => {
            visit(M::Routine(&mut it.function));
            it.commutator.iter_mut().chain(&mut it.negator).for_each(|it| visit(M::Operator(it)));
            it.restrict.iter_mut().chain(&mut it.join).for_each(|it| visit(M::Routine(it)));
        }
        Definition::OperatorFamily(it) => class_items(&mut it.items, visit),
        Definition::OperatorClass(it) => {
            visit(M::Type(&mut it.data_type));
            visit(M::OperatorFamily(&mut it.family));
            class_items(&mut it.items, visit);
            it.storage.iter_mut().for_each(|it| visit(M::Type(it)));
        }
        Definition::Cast(it) => {
            if let CastMethod::Function(it) = &mut it.method {
                visit(M::Object(it));
            }
        }
        Definition::Transform(it) => it.from_sql.iter_mut().chain(&mut it.to_sql).for_each(|it| visit(M::Object(it))),
        Definition::Trigger(it) => {
            it.when.iter_mut().for_each(|it| visit(M::Expression(it)));
            visit(M::Routine(&mut it.function));
            it.references.iter_mut().for_each(|it| visit(M::Relation(it)));
        }
        Definition::EventTrigger(it) => visit(M::Routine(&mut it.function)),
        Definition::Rule(it) => {
            it.condition.iter_mut().for_each(|it| visit(M::Expression(it)));
            it.actions.iter_mut().for_each(|it| visit(M::Query(it)));
        }
        Definition::Policy(it) => it.using.iter_mut().chain(&mut it.with_check).for_each(|it| visit(M::Expression(it))),
        Definition::Statistics(it) => {
            visit(M::Relation(&mut it.table));
            keys(&mut it.keys, visit);
        }
        Definition::TextSearchParser(it) => {
            [&mut it.start, &mut it.get_token, &mut it.end, &mut it.lexical_types].into_iter().for_each(|it| visit(M::Routine(it)));
            it.headline.iter_mut().for_each(|it| visit(M::Routine(it)));
        }
        Definition::TextSearchTemplate(it) => {
            it.init.iter_mut().for_each(|it| visit(M::Routine(it)));
            visit(M::Routine(&mut it.lexize));
        }
        Definition::TextSearchDictionary(it) => visit(M::TextSearch(&mut it.template)),
        Definition::TextSearchConfiguration(it) => {
            visit(M::TextSearch(&mut it.parser));
            it.mappings.values_mut().flatten().for_each(|it| visit(M::TextSearch(it)));
        }
        Definition::Publication(it) => {
            for it in &mut it.tables {
                visit(M::Relation(&mut it.table));
                it.filter.iter_mut().for_each(|it| visit(M::Expression(it)));
            }
            it.schemas.iter_mut().for_each(|it| visit(M::Schema(it)));
        }
    }
}

fn column(column: &mut Column, visit: &mut dyn FnMut(Mention<'_>)) {
    visit(Mention::Type(&mut column.data_type));
    column.collation.iter_mut().for_each(|it| visit(Mention::Collation(it)));
    column.default.iter_mut().for_each(|it| visit(Mention::Assigned(it, &column.data_type)));
    column.generated.iter_mut().for_each(|it| visit(Mention::Assigned(&mut it.expression, &column.data_type)));
}

fn keys(keys: &mut [IndexKey], visit: &mut dyn FnMut(Mention<'_>)) {
    for key in keys {
        key.expression.iter_mut().for_each(|it| visit(Mention::Expression(it)));
        key.collation.iter_mut().for_each(|it| visit(Mention::Collation(it)));
        key.operator_class.iter_mut().for_each(|it| visit(Mention::OperatorClass(it)));
    }
}

fn arguments(arguments: &mut [Argument], visit: &mut dyn FnMut(Mention<'_>)) {
    for argument in arguments {
        visit(Mention::Type(&mut argument.data_type));
        argument.default.iter_mut().for_each(|it| visit(Mention::Assigned(it, &argument.data_type)));
    }
}

fn class_items(items: &mut [OperatorClassItem], visit: &mut dyn FnMut(Mention<'_>)) {
    for item in items {
        match item {
            OperatorClassItem::Operator { operator, operands, order_by, .. } => {
                visit(Mention::Operator(operator));
                operands.iter_mut().for_each(|it| visit(Mention::Type(it)));
                order_by.iter_mut().for_each(|it| visit(Mention::OperatorFamily(it)));
            }
            OperatorClassItem::Function { operands, function, .. } => {
                operands.iter_mut().for_each(|it| visit(Mention::Type(it)));
                visit(Mention::Object(function));
            }
        }
    }
}

/// Visits the names of a relation's columns in the definition of an object that hangs on the relation (`own`), or that
/// refers to it.
pub(crate) fn each_column(definition: &mut Definition, own: bool, relation: &QualifiedName, visit: &mut dyn FnMut(&mut String)) {
    let key_columns = |keys: &mut [IndexKey], visit: &mut dyn FnMut(&mut String)| {
        keys.iter_mut().filter_map(|it| it.column.as_mut()).for_each(visit);
    };
    match definition {
        Definition::Constraint(it) => match &mut it.kind {
            ConstraintKind::ForeignKey(it) => {
                if own {
                    it.columns.iter_mut().chain(&mut it.set_columns).for_each(&mut *visit);
                }
                if it.references == *relation {
                    it.referenced_columns.iter_mut().for_each(visit);
                }
            }
            ConstraintKind::PrimaryKey(it) | ConstraintKind::Unique(it) if own => {
                it.columns.iter_mut().chain(&mut it.include).for_each(visit)
            }
            ConstraintKind::Exclusion { elements, include, .. } if own => {
                elements.iter_mut().filter_map(|it| it.key.column.as_mut()).chain(include).for_each(visit);
            }
            ConstraintKind::NotNull { column } if own => visit(column),
            _ => {}
        },
        Definition::Index(it) if own => {
            key_columns(&mut it.keys, visit);
            it.include.iter_mut().for_each(visit);
        }
        Definition::Trigger(it) if own => it.update_of.iter_mut().for_each(visit),
        Definition::Statistics(it) if it.table == *relation => key_columns(&mut it.keys, visit),
        Definition::Sequence(it) => it.owner.iter_mut().filter(|it| it.table == *relation).for_each(|it| visit(&mut it.column)),
        Definition::Publication(it) => {
            it.tables.iter_mut().filter(|it| it.table == *relation).flat_map(|it| &mut it.columns).for_each(visit);
        }
        _ => {}
    }
}
