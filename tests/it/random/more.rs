//! Objects that stand between others: functions of types and relations, indexes of materialised views.

use pgx_goose::ddl::quote_identifier;

use super::make::Maker;
use super::{Id, Object, Other, Sort, Sql, Use, sql};

impl Maker {
    /// A function that takes, returns or reads what the schema has.
    pub(super) fn typed_function(&mut self, object: &Object) -> Option<Other> {
        let name = object.sql();
        let is_type = |it: &&Object| matches!(it.sort, Sort::Enum | Sort::Domain | Sort::Composite | Sort::Range);
        let types: Vec<(Id, String)> = self.schema.objects.iter().filter(is_type).map(|it| (it.id, it.sql())).collect();
        let tables: Vec<(Id, String, String)> = self
            .schema
            .objects
            .iter()
            .filter(|it| it.id != object.id && matches!(it.sort, Sort::Table | Sort::View))
            .filter_map(|it| Some((it.id, it.sql(), it.columns().first()?.0.clone())))
            .collect();
        let (mut since, mut before) = (0, String::new());
        let (text, arguments, uses): (String, String, Vec<Use>) =
            match (self.random.below(6), self.random.pick(&types).cloned(), self.random.pick(&tables).cloned()) {
                (0, Some((id, of)), _) => {
                    (format!("CREATE FUNCTION {name}(x {of}) RETURNS {of} LANGUAGE sql AS $$ SELECT x $$"), of, vec![(id, None)])
                }
                (1, Some((id, of)), _) => (
                    format!("CREATE FUNCTION {name}(x int) RETURNS {of}[] LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"),
                    "int".to_owned(),
                    vec![(id, None)],
                ),
                (2, _, Some((id, of, _))) => {
                    (format!("CREATE FUNCTION {name}(x {of}) RETURNS text LANGUAGE sql AS $$ SELECT 'x'::text $$"), of, vec![(id, None)])
                }
                (3, _, Some((id, of, _))) => (
                    format!("CREATE FUNCTION {name}() RETURNS SETOF {of} LANGUAGE sql STABLE AS $$ SELECT * FROM {of} $$"),
                    String::new(),
                    vec![(id, None)],
                ),
                (4, _, Some((id, of, column))) => {
                    since = 14;
                    before = format!("CREATE FUNCTION {name}() RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$");
                    let column_name = quote_identifier(&column);
                    let sql = format!(
                        "CREATE FUNCTION {name}() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(t.{column_name}) FROM {of} t; END"
                    );
                    (sql, String::new(), vec![(id, Some(column))])
                }
                (5, Some((id, of)), _) => {
                    let sql = format!("CREATE FUNCTION {name}() RETURNS TABLE (a int, b {of}) LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$");
                    (sql, String::new(), vec![(id, None)])
                }
                _ => return None,
            };
        Some(Other { create: Sql { text, uses }, target: format!("FUNCTION {name}({arguments})"), since, before, ..Other::default() })
    }

    /// An index of a materialised view.
    pub(super) fn index_of_view(&mut self, object: &Object) -> Option<Other> {
        let (id, on) = self.any(Sort::MaterializedView)?;
        let view = self.schema.get(id);
        let (column, _) = view.columns().into_iter().find(|(_, it)| sql::is_sortable(it))?;
        let (schema, name) = (quote_identifier(&view.schema.as_ref()?.1), quote_identifier(&object.name));
        let text = format!("CREATE INDEX {name} ON {on} ({})", quote_identifier(&column));
        let create = Sql { text, uses: vec![(id, Some(column))] };
        Some(Other { create, target: format!("INDEX {schema}.{name}"), ..Other::default() })
    }
}
