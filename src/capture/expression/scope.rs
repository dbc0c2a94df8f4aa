//! What names mean inside a query: the tables and columns that FROM brings, level by level.

use crate::catalog::{DataType, Identity};

/// What is known of a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Typed {
    /// The type; `None` where it can't be told.
    pub(super) data_type: Option<DataType>,
    /// Whether it is proven never to be NULL.
    pub(super) not_null: bool,
    /// The outer joins that may leave it out, so that it is NULL.
    pub(super) absent: Vec<u32>,
    /// Whether it is never NULL but for those.
    pub(super) otherwise: bool,
    /// Why the type can't be told.
    pub(super) why: Option<Why>,
    /// Of a cast: what is cast.
    pub(super) uncast: Option<Box<Typed>>,
}

/// Why a type can't be told, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    /// The reason, as a message goes on after "because".
    pub(crate) reason: String,
    /// The byte offset in the statement, or -1.
    pub(crate) location: i32,
}

impl Typed {
    /// A value of a type that may be NULL.
    pub(super) fn of(data_type: DataType) -> Self {
        Self { data_type: Some(data_type), ..Self::default() }
    }

    /// A value of a built-in type that may be NULL.
    pub(super) fn builtin(name: &str) -> Self {
        Self::of(DataType::builtin(name))
    }

    /// A value whose type can't be told.
    pub(super) fn unknown(reason: impl Into<String>, location: i32) -> Self {
        Self { why: Some(Why { reason: reason.into(), location }), ..Self::default() }
    }

    /// The same value, NULL or not as said.
    pub(super) fn not_null(mut self, not_null: bool) -> Self {
        self.not_null = not_null;
        self
    }

    /// Whether it is a literal without a type of its own.
    pub(super) fn is_untyped(&self) -> bool {
        self.data_type.as_ref().is_some_and(is_untyped)
    }
}

/// Whether the type is that of a bare literal.
pub(super) fn is_untyped(data_type: &DataType) -> bool {
    data_type.name.name == "unknown" && data_type.name.is_builtin() && !data_type.array
}

/// A column as a query sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    /// The name by which it is seen.
    pub(super) name: String,
    /// What is known of its values.
    pub(super) typed: Typed,
    /// The relation that it belongs to, and its name there.
    pub(super) source: Option<(Identity, String)>,
}

/// A name of FROM that qualifies columns.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The alias, or the relation's own name.
    pub(super) name: String,
    /// The name by which canonical text qualifies its columns.
    pub(super) printed: String,
    /// The schema of a relation without an alias.
    pub(super) schema: Option<String>,
    /// The relation.
    pub(super) relation: Option<Identity>,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Whether there may be columns that are not known.
    pub(super) open: bool,
    /// The type of a whole row.
    pub(super) row: Option<DataType>,
}

/// A column that can be named without a qualifier, in the order of `*`.
#[derive(Clone, Debug)]
pub(super) struct Visible {
    /// Which item qualifies it; none for the columns of `USING`.
    pub(super) item: Option<String>,
    pub(super) column: Column,
}

/// What one level of a query brings.
#[derive(Clone, Debug, Default)]
pub(super) struct Namespace {
    pub(super) items: Vec<Item>,
    pub(super) visible: Vec<Visible>,
    /// Whether its rows come in groups, none of which is empty.
    pub(super) grouped: bool,
}

impl Namespace {
    /// One item, all of whose columns are seen.
    pub(super) fn of(item: Item) -> Self {
        let visible = item.columns.iter().map(|column| Visible { item: Some(item.printed.clone()), column: column.clone() }).collect();
        Self { items: vec![item], visible, grouped: false }
    }

    /// Both, one after the other.
    pub(super) fn extend(&mut self, other: Self) {
        self.items.extend(other.items);
        self.visible.extend(other.visible);
    }

    /// The same where an outer join, which has a number of its own, may leave everything NULL.
    pub(super) fn make_nullable(&mut self, join: u32) {
        let columns = self.items.iter_mut().flat_map(|it| &mut it.columns);
        for column in columns.chain(self.visible.iter_mut().map(|it| &mut it.column)) {
            column.typed.otherwise |= column.typed.not_null;
            column.typed.not_null = false;
            column.typed.absent.push(join);
        }
    }

    /// The item of that name.
    pub(super) fn item(&self, schema: Option<&str>, name: &str) -> Option<&Item> {
        self.items.iter().find(|it| it.name == name && (schema.is_none() || it.schema.as_deref() == schema))
    }

    /// Whether any item may have columns that are not known.
    pub(super) fn is_open(&self) -> bool {
        self.items.iter().any(|it| it.open)
    }
}

/// What an expression or a statement may name, apart from what its own FROM brings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// Row variables, and the relation whose columns need no qualifier.
    pub(super) rows: Vec<(String, Identity)>,
    pub(super) unqualified: Option<Identity>,
    /// `VALUE`, in the CHECK of a domain.
    pub(super) value: Option<DataType>,
    /// Parameters of a routine.
    pub(super) parameters: Vec<(String, DataType)>,
    /// Names that are not found stay as they are.
    pub(super) lenient: bool,
}

impl Scope {
    /// No columns: the default of a column, the query of a view.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// The columns of a relation: a CHECK, an index, a policy.
    pub(crate) fn relation(relation: &Identity) -> Self {
        Self { unqualified: Some(relation.clone()), ..Self::default() }
    }

    /// The same, with `OLD` and `NEW` of a relation.
    pub(crate) fn with_old_and_new(self, relation: &Identity) -> Self {
        Self { rows: Self::old_and_new(relation).rows, ..self }
    }

    /// `OLD` and `NEW`: the WHEN of a trigger, the condition and actions of a rule.
    pub(crate) fn old_and_new(relation: &Identity) -> Self {
        Self { rows: ["old", "new"].map(|name| (name.to_owned(), relation.clone())).into(), ..Self::default() }
    }

    /// `VALUE`: the CHECK of a domain over that type.
    pub(crate) fn value(base: DataType) -> Self {
        Self { value: Some(base), ..Self::default() }
    }

    /// The parameters of a routine whose body this is.
    pub(crate) fn parameters(parameters: Vec<(String, DataType)>) -> Self {
        Self { parameters, lenient: true, ..Self::default() }
    }

    /// The same, but names that are not found stay as they are, and are no error.
    pub(crate) fn lenient(self) -> Self {
        Self { lenient: true, ..self }
    }
}

/// The columns of a relation, if there is one.
impl From<Option<&Identity>> for Scope {
    fn from(relation: Option<&Identity>) -> Self {
        relation.map_or_else(Self::none, Self::relation)
    }
}
