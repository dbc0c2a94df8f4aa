//! `CREATE CONVERSION`.

use std::collections::BTreeSet;

use pg_query::protobuf::CreateConversionStmt;

use crate::catalog::{Conversion, Definition, Dependency, Identity, Kind};

use super::state::State;
use super::{Outcome, Place, Problem};

/// `CREATE [DEFAULT] CONVERSION`.
pub(crate) fn create(state: &mut State<'_>, node: &CreateConversionStmt, _at: Place) -> Outcome {
    let name = state.new_name(&node.conversion_name)?;
    let identity = Identity::new(Kind::Conversion, name.schema, name.name);
    if state.contains(&identity) {
        return Err(Problem::new(format!("conversion `{}` already exists", identity.name)));
    }
    let mut needs: BTreeSet<Dependency> = state.schema_dependency(&identity.schema).into_iter().collect();
    let conversion = Conversion {
        default: node.def,
        source: encoding(&node.for_encoding_name)?,
        target: encoding(&node.to_encoding_name)?,
        function: state.function(&node.func_name, &mut needs),
    };
    state.insert_with(identity, Definition::Conversion(conversion), needs);
    Ok(())
}

/// An encoding as the server spells it. Case, spaces and punctuation mean nothing to it, and many have other names.
/// PostgreSQL src/common/encnames.c, pg_encname_tbl.
fn encoding(name: &str) -> Result<String, Problem> {
    let key: String = name.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect();
    let found = ENCODINGS.iter().find(|(encoding, others)| {
        let own = encoding.bytes().filter(|it| *it != b'_').map(|it| it.to_ascii_lowercase());
        own.eq(key.bytes()) || others.split(' ').any(|it| it == key)
    });
    found.map(|(encoding, _)| (*encoding).to_owned()).ok_or_else(|| Problem::new(format!("encoding `{name}` does not exist")))
}

/// The encodings, and what else they are called.
const ENCODINGS: &[(&str, &str)] = &[
    ("SQL_ASCII", ""),
    ("EUC_JP", ""),
    ("EUC_CN", ""),
    ("EUC_KR", ""),
    ("EUC_TW", ""),
    ("EUC_JIS_2004", ""),
    ("UTF8", "unicode"),
    ("MULE_INTERNAL", ""),
    ("LATIN1", "iso88591"),
    ("LATIN2", "iso88592"),
    ("LATIN3", "iso88593"),
    ("LATIN4", "iso88594"),
    ("LATIN5", "iso88599"),
    ("LATIN6", "iso885910"),
    ("LATIN7", "iso885913"),
    ("LATIN8", "iso885914"),
    ("LATIN9", "iso885915"),
    ("LATIN10", "iso885916"),
    ("WIN1250", "windows1250"),
    ("WIN1251", "windows1251 win"),
    ("WIN1252", "windows1252"),
    ("WIN1253", "windows1253"),
    ("WIN1254", "windows1254"),
    ("WIN1255", "windows1255"),
    ("WIN1256", "windows1256"),
    ("WIN1257", "windows1257"),
    ("WIN1258", "windows1258 abc tcvn tcvn5712 vscii"),
    ("WIN866", "windows866 alt"),
    ("WIN874", "windows874"),
    ("KOI8R", "koi8"),
    ("KOI8U", ""),
    ("ISO_8859_5", ""),
    ("ISO_8859_6", ""),
    ("ISO_8859_7", ""),
    ("ISO_8859_8", ""),
    ("SJIS", "mskanji shiftjis win932 windows932"),
    ("BIG5", "win950 windows950"),
    ("GBK", "win936 windows936"),
    ("UHC", "win949 windows949"),
    ("GB18030", ""),
    ("JOHAB", ""),
    ("SHIFT_JIS_2004", ""),
];

#[cfg(test)]
mod tests {
    #[test]
    fn encodings_have_one_name() {
        let check = |name: &str, expected: &str| assert_eq!(super::encoding(name).as_deref(), Ok(expected), "{name}");
        check("utf-8", "UTF8");
        check("Unicode", "UTF8");
        check("ISO 8859-1", "LATIN1");
        check("iso_8859_5", "ISO_8859_5");
        check("euc_jis_2004", "EUC_JIS_2004");
        check("Shift JIS", "SJIS");
        assert!(super::encoding("klingon").is_err());
    }
}
