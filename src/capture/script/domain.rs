//! Domains and their constraints.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{self, AlterDomainStmt, ConstrType, CreateDomainStmt, DropBehavior};

use crate::capture::expression::{Scope, parse_expression};
use crate::catalog::{BaseType, Constraint, ConstraintKind, Deferral, Definition, Dependency, Domain, Expression, Identity, Kind, Object};

use crate::ddl::quote_literal;

use super::state::State;
use super::{Outcome, Place, Problem, canonical, dependency, drop, names, types};

/// `CREATE DOMAIN`.
pub(crate) fn create(state: &mut State<'_>, node: &CreateDomainStmt, _at: Place) -> Outcome {
    let name = types::new_type_name(state, &node.domainname)?;
    let Some(type_name) = &node.type_name else { return Ok(()) };
    let base = state.resolver().data_type(type_name)?;
    let mut dependencies: BTreeSet<Dependency> = state.schema_dependency(&name.schema).into_iter().collect();
    state.type_dependencies(&base, &mut dependencies);
    let collation = node.coll_clause.as_deref().map(|it| state.collation(&it.collname, &mut dependencies)).transpose()?;
    let collation = collation.filter(|it| *it != types::type_collation(state, &base));
    let mut domain = Domain { base, collation, default: None, not_null: false };
    let mut checks = Vec::new();
    if let Some(Definition::Domain(below)) =
        state.resolver().type_object(&domain.base.name).filter(|_| !domain.base.array).and_then(|it| state.get(it)).map(|it| &it.definition)
    {
        // The default is the base type's of this day: PostgreSQL src/backend/commands/typecmds.c, DefineDomain.
        domain.default.clone_from(&below.default);
        if let Some(expression) = below.default.as_ref().and_then(parse_expression) {
            let default = canonical::default(state, &expression, None, &domain.base)?;
            dependencies.extend(default.into_iter().flat_map(|it| it.dependencies));
        }
    }
    if let Some(Definition::BaseType(BaseType::Defined(below))) =
        state.resolver().type_object(&domain.base.name).filter(|_| !domain.base.array).and_then(|it| state.get(it)).map(|it| &it.definition)
    {
        domain.default = below.default.as_ref().map(|it| Expression(quote_literal(it)));
    }
    for constraint in &node.constraints {
        let Some(NodeEnum::Constraint(constraint)) = &constraint.node else { continue };
        match constraint.contype() {
            ConstrType::ConstrDefault => {
                if let Some(expression) = constraint.raw_expr.as_deref() {
                    let default = canonical::default(state, expression, None, &domain.base)?;
                    dependencies.extend(default.iter().flat_map(|it| it.dependencies.iter().cloned()));
                    domain.default = default.map(|it| it.expression);
                }
            }
            ConstrType::ConstrNotnull => domain.not_null = true,
            ConstrType::ConstrCheck => checks.push(constraint),
            _ => {}
        }
    }
    let identity = Identity::new(Kind::Domain, name.schema, name.name);
    state.insert_with(identity.clone(), Definition::Domain(domain), dependencies);
    checks.into_iter().try_for_each(|it| add_check(state, &identity, it))
}

fn add_check(state: &mut State<'_>, domain: &Identity, node: &protobuf::Constraint) -> Outcome {
    let Some(expression) = node.raw_expr.as_deref() else { return Ok(()) };
    let base = match state.get(domain).map(|it| &it.definition) {
        Some(Definition::Domain(it)) => it.base.clone(),
        _ => return Ok(()),
    };
    let canonical = canonical::expression_in(state, expression, &Scope::value(base))?;
    let name = if node.conname.is_empty() {
        names::choose_constraint_name(state, &domain.schema, &domain.name, None, "check", &[])
    } else {
        node.conname.clone()
    };
    let identity = Identity::within(Kind::Constraint, &domain.qualified_name(), name);
    if state.contains(&identity) {
        return Err(Problem::new(format!("constraint `{}` for domain `{}` already exists", identity.name, domain.name)));
    }
    let mut dependencies = canonical.dependencies;
    dependencies.insert(Dependency::on(domain.clone()).auto());
    let constraint = Constraint {
        kind: ConstraintKind::Check(canonical.expression),
        deferral: Deferral::NotDeferrable,
        validated: !node.skip_validation,
        enforced: true,
        no_inherit: false,
        inherited: false,
        local: true,
    };
    state.insert_with(identity, Definition::Constraint(constraint), dependencies);
    Ok(())
}

/// `ALTER DOMAIN`, apart from owner, name and schema.
pub(crate) fn alter(state: &mut State<'_>, node: &AlterDomainStmt, at: Place) -> Outcome {
    let identity = types::existing_type(state, &node.type_name)?;
    if identity.kind != Kind::Domain {
        return Err(Problem::new(format!("`{}` is not a domain", identity.name)));
    }
    let definition = node.def.as_deref();
    match node.subtype.as_str() {
        "T" => {
            let base = match state.get(&identity).map(|it| &it.definition) {
                Some(Definition::Domain(domain)) => domain.base.clone(),
                _ => return Ok(()),
            };
            let default = definition.map(|it| canonical::default(state, it, None, &base)).transpose()?.flatten();
            change(state, &identity, |it| it.default = default.map(|it| it.expression));
            dependency::refresh(state, &identity);
        }
        "N" => change(state, &identity, |it| it.not_null = false),
        "O" => change(state, &identity, |it| it.not_null = true),
        "C" => {
            if let Some(NodeEnum::Constraint(it)) = definition.and_then(|it| it.node.as_ref()) {
                match it.contype() {
                    ConstrType::ConstrNotnull => change(state, &identity, |it| it.not_null = true),
                    _ => add_check(state, &identity, it)?,
                }
            }
        }
        "X" => {
            let constraint = Identity::within(Kind::Constraint, &identity.qualified_name(), node.name.clone());
            if !state.contains(&constraint) {
                return if node.missing_ok { Ok(()) } else { Err(unknown_constraint(state, &identity, &node.name)) };
            }
            drop::drop_objects(state, &[constraint], node.behavior() == DropBehavior::DropCascade)?;
        }
        "V" => {
            let constraint = Identity::within(Kind::Constraint, &identity.qualified_name(), node.name.clone());
            let changed = state.change(&constraint, |object| {
                if let Definition::Constraint(it) = &mut object.definition {
                    it.validated = true;
                }
            });
            changed.ok_or_else(|| unknown_constraint(state, &identity, &node.name))?;
        }
        _ => state.not_modelled(at, "ALTER DOMAIN"),
    }
    Ok(())
}

fn change(state: &mut State<'_>, identity: &Identity, change: impl FnOnce(&mut Domain)) {
    state.change(identity, |Object { definition, .. }| {
        if let Definition::Domain(it) = definition {
            change(it);
        }
    });
}

fn unknown_constraint(state: &State<'_>, domain: &Identity, name: &str) -> Problem {
    let names = state.constraints_of(&domain.qualified_name());
    let problem = Problem::new(format!("constraint `{name}` of domain `{}` does not exist", domain.name));
    match crate::diagnostic::nearest(name, names.iter().map(|it| it.name.as_str())) {
        Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
        None => problem,
    }
}
