//! `CREATE COLLATION`.

use pg_query::NodeEnum;
use pg_query::protobuf::DefineStmt;

use crate::catalog::{Collation, Definition, Identity, Kind, PG_CATALOG};

use super::resolve::strings;
use super::state::State;
use super::{Outcome, Place, Problem, options};

/// `CREATE COLLATION`, by options or `FROM` another one.
pub(crate) fn create(state: &mut State<'_>, node: &DefineStmt, at: Place) -> Outcome {
    let name = state.new_name(&node.defnames)?;
    let identity = Identity::new(Kind::Collation, name.schema, name.name);
    if state.contains(&identity) {
        return if node.if_not_exists { Ok(()) } else { Err(Problem::new(format!("collation `{}` already exists", identity.name))) };
    }
    let mut collation =
        Collation { provider: "libc".to_owned(), collate: None, ctype: None, locale: None, rules: None, deterministic: true };
    for option in options::elements(&node.definition) {
        let text = || options::text(option);
        match option.defname.to_lowercase().as_str() {
            "provider" => collation.provider = text().unwrap_or_default().to_lowercase(),
            "locale" => collation.locale = text(),
            "lc_collate" => collation.collate = text(),
            "lc_ctype" => collation.ctype = text(),
            "rules" => collation.rules = text(),
            "deterministic" => collation.deterministic = options::boolean(option),
            "from" => {
                let Some(NodeEnum::List(list)) = option.arg.as_deref().and_then(|it| it.node.as_ref()) else { continue };
                match copied(state, &strings(&list.items)) {
                    Some(of) => collation = of,
                    None => {
                        // Which locales a server has, and how it spells them, only the server knows.
                        state.not_modelled(at, "CREATE COLLATION … FROM a collation of the server");
                        return Ok(());
                    }
                }
            }
            // `version` is what the server's libraries say.
            _ => {}
        }
    }
    if collation.provider == "libc"
        && let Some(locale) = collation.locale.take()
    {
        collation.collate = Some(locale.clone());
        collation.ctype = Some(locale);
    }
    let needs = state.schema_dependency(&identity.schema).into_iter().collect();
    state.insert_with(identity, Definition::Collation(collation), needs);
    Ok(())
}

/// A copy of another collation: one of the script, or one of the few that every server has.
fn copied(state: &State<'_>, names: &[&str]) -> Option<Collation> {
    let (schema, name) = match names {
        [name] => (None, *name),
        [.., schema, name] => (Some(*schema), *name),
        [] => return None,
    };
    let find = |schema: &str| match &state.get(&Identity::new(Kind::Collation, schema, name))?.definition {
        Definition::Collation(it) => Some(it.clone()),
        _ => None,
    };
    let found = match schema {
        Some(schema) => find(schema),
        None => state.resolver().effective_path().find_map(find),
    };
    found.or_else(|| {
        let is_everywhere = schema.is_none_or(|it| it == PG_CATALOG) && matches!(name, "C" | "POSIX");
        is_everywhere.then(|| Collation {
            provider: "libc".to_owned(),
            collate: Some(name.to_owned()),
            ctype: Some(name.to_owned()),
            locale: None,
            rules: None,
            deterministic: true,
        })
    })
}
