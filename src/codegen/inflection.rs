//! Singular and plural of English words in names.
//!
//! The rules are those of the `pluralizer` crate (npm's `pluralize`); here stand the words of schemas that they get wrong, and the user's own. Words are in
//! lower case. A word that is not English comes out unchanged or with an `s`, never mangled twice: the singular of a singular is itself.

use std::collections::BTreeMap;

/// Words that are the same in both, or that only look like plurals.
const UNCOUNTABLE: &[&str] = &[
    "access",
    "advice",
    "aircraft",
    "analytics",
    "apparatus",
    "audio",
    "aws",
    "cash",
    "chaos",
    "chess",
    "content",
    "cosmos",
    "credentials",
    "css",
    "data",
    "diabetes",
    "dns",
    "economics",
    "electronics",
    "equipment",
    "evidence",
    "faq",
    "feedback",
    "fitness",
    "furniture",
    "gps",
    "graphics",
    "hardware",
    "headquarters",
    "https",
    "information",
    "infrastructure",
    "ios",
    "kubernetes",
    "knowledge",
    "logistics",
    "mail",
    "mathematics",
    "means",
    "media",
    "merchandise",
    "metadata",
    "mfa",
    "money",
    "music",
    "news",
    "payroll",
    "pants",
    "physics",
    "police",
    "postgres",
    "premises",
    "progress",
    "research",
    "rss",
    "scissors",
    "series",
    "sheep",
    "sms",
    "software",
    "species",
    "staff",
    "storage",
    "tls",
    "traffic",
    "transportation",
    "trousers",
    "weather",
    "web",
    "wildlife",
];

/// Singulars in `s` that the rules shorten, and other words that they miss: singular and plural.
const IRREGULAR: &[(&str, &str)] = &[
    ("ache", "aches"),
    ("address", "addresses"),
    ("alias", "aliases"),
    ("alumnus", "alumni"),
    ("analysis", "analyses"),
    ("atlas", "atlases"),
    ("avalanche", "avalanches"),
    ("axis", "axes"),
    ("base", "bases"),
    ("basis", "bases"),
    ("bias", "biases"),
    ("bonus", "bonuses"),
    ("bus", "buses"),
    ("cache", "caches"),
    ("campus", "campuses"),
    ("canvas", "canvases"),
    ("census", "censuses"),
    ("chassis", "chassis"),
    ("chorus", "choruses"),
    ("circus", "circuses"),
    ("consensus", "consensuses"),
    ("corpus", "corpora"),
    ("crisis", "crises"),
    ("criterion", "criteria"),
    ("curriculum", "curricula"),
    ("database", "databases"),
    ("diagnosis", "diagnoses"),
    ("drive", "drives"),
    ("emphasis", "emphases"),
    ("focus", "focuses"),
    ("foot", "feet"),
    ("gas", "gases"),
    ("genus", "genera"),
    ("goose", "geese"),
    ("headache", "headaches"),
    ("hiatus", "hiatuses"),
    ("human", "humans"),
    ("hypothesis", "hypotheses"),
    ("index", "indexes"),
    ("kudos", "kudos"),
    ("lens", "lenses"),
    ("locus", "loci"),
    ("matrix", "matrices"),
    ("menu", "menus"),
    ("minus", "minuses"),
    ("movie", "movies"),
    ("move", "moves"),
    ("niche", "niches"),
    ("nexus", "nexuses"),
    ("oasis", "oases"),
    ("octopus", "octopuses"),
    ("opus", "opuses"),
    ("os", "oses"),
    ("person", "people"),
    ("phenomenon", "phenomena"),
    ("plus", "pluses"),
    ("pos", "poses"),
    ("process", "processes"),
    ("prospectus", "prospectuses"),
    ("quiz", "quizzes"),
    ("radius", "radii"),
    ("save", "saves"),
    ("schema", "schemas"),
    ("status", "statuses"),
    ("slave", "slaves"),
    ("surplus", "surpluses"),
    ("synopsis", "synopses"),
    ("syllabus", "syllabuses"),
    ("taxonomy", "taxonomies"),
    ("thesis", "theses"),
    ("tax", "taxes"),
    ("virus", "viruses"),
    ("wave", "waves"),
    ("archive", "archives"),
    ("cave", "caves"),
    ("cookie", "cookies"),
    ("ox", "oxen"),
    ("vertex", "vertices"),
    ("vortex", "vortices"),
    ("appendix", "appendices"),
    ("leave", "leaves"),
    ("datum", "data"),
    ("release", "releases"),
    ("lease", "leases"),
    ("purchase", "purchases"),
    ("purpose", "purposes"),
    ("response", "responses"),
    ("license", "licenses"),
    ("licence", "licences"),
    ("expense", "expenses"),
    ("case", "cases"),
    ("phase", "phases"),
    ("phrase", "phrases"),
    ("course", "courses"),
    ("house", "houses"),
    ("warehouse", "warehouses"),
    ("horse", "horses"),
    ("nurse", "nurses"),
    ("use", "uses"),
    ("cause", "causes"),
    ("clause", "clauses"),
    ("pause", "pauses"),
    ("disease", "diseases"),
    ("franchise", "franchises"),
    ("enterprise", "enterprises"),
    ("exercise", "exercises"),
    ("premise", "premises"),
    ("promise", "promises"),
    ("merchandise", "merchandise"),
    ("cause", "causes"),
    ("close", "closes"),
    ("pose", "poses"),
    ("dose", "doses"),
    ("hose", "hoses"),
    ("nose", "noses"),
    ("size", "sizes"),
    ("prize", "prizes"),
    ("gauge", "gauges"),
    ("value", "values"),
    ("valve", "valves"),
    ("curve", "curves"),
    ("reserve", "reserves"),
    ("move", "moves"),
    ("remove", "removes"),
    ("olive", "olives"),
    ("initiative", "initiatives"),
    ("objective", "objectives"),
    ("hive", "hives"),
    ("toe", "toes"),
    ("shoe", "shoes"),
    ("horseshoe", "horseshoes"),
    ("echo", "echoes"),
    ("hero", "heroes"),
    ("potato", "potatoes"),
    ("tomato", "tomatoes"),
    ("veto", "vetoes"),
    ("photo", "photos"),
    ("video", "videos"),
    ("memo", "memos"),
    ("repo", "repos"),
    ("todo", "todos"),
    ("logo", "logos"),
    ("demo", "demos"),
    ("info", "infos"),
    ("proto", "protos"),
    ("zero", "zeros"),
    ("tie", "ties"),
    ("pie", "pies"),
    ("die", "dies"),
    ("lie", "lies"),
    ("zombie", "zombies"),
    ("calorie", "calories"),
    ("selfie", "selfies"),
    ("genie", "genies"),
    ("prerequisite", "prerequisites"),
    ("pass", "passes"),
    ("bus", "buses"),
    ("sas", "sas"),
    ("iris", "irises"),
    ("tennis", "tennis"),
    ("pelvis", "pelvises"),
    ("this", "these"),
    ("texas", "texas"),
    ("pancreas", "pancreases"),
    ("christmas", "christmases"),
    ("yes", "yeses"),
    ("gallows", "gallows"),
    ("cms", "cms"),
    ("crs", "crs"),
    ("srs", "srs"),
    ("gis", "gis"),
    ("dbms", "dbms"),
    ("nas", "nas"),
    ("dos", "dos"),
    ("ops", "ops"),
    ("sos", "sos"),
    ("jws", "jws"),
    ("jwks", "jwks"),
    ("ms", "ms"),
    ("fps", "fps"),
    ("vps", "vps"),
    ("iss", "iss"),
    ("saas", "saas"),
    ("kms", "kms"),
    ("pks", "pks"),
    ("sns", "sns"),
    ("sqs", "sqs"),
    ("was", "was"),
    ("has", "has"),
    ("is", "is"),
    ("as", "as"),
    ("us", "us"),
    ("its", "its"),
    ("goes", "goes"),
    ("does", "does"),
    ("always", "always"),
    ("previous", "previous"),
    ("various", "various"),
    ("versus", "versus"),
    ("thus", "thus"),
    ("across", "across"),
    ("less", "less"),
    ("plaus", "plaus"),
];

/// Singular and plural.
#[derive(Debug)]
pub(crate) struct Inflection {
    singulars: BTreeMap<String, String>,
    plurals: BTreeMap<String, String>,
}

impl Inflection {
    /// The built-in rules, and the user's words before them: singular → plural.
    pub(crate) fn new(user: &BTreeMap<String, String>) -> Self {
        let mut inflection = Self { singulars: BTreeMap::new(), plurals: BTreeMap::new() };
        for word in UNCOUNTABLE {
            inflection.add(word, word);
        }
        // The first of two with the same plural wins: `base` before `basis`, `data` before `datum`.
        for (singular, plural) in IRREGULAR {
            inflection.plurals.entry((*singular).to_owned()).or_insert_with(|| (*plural).to_owned());
            inflection.singulars.entry((*plural).to_owned()).or_insert_with(|| (*singular).to_owned());
        }
        for (singular, plural) in IRREGULAR {
            inflection.singulars.entry((*singular).to_owned()).or_insert_with(|| (*singular).to_owned());
            inflection.plurals.entry((*plural).to_owned()).or_insert_with(|| (*plural).to_owned());
        }
        for (singular, plural) in user {
            inflection.add(&singular.to_lowercase(), &plural.to_lowercase());
        }
        inflection
    }

    fn add(&mut self, singular: &str, plural: &str) {
        for word in [singular, plural] {
            self.singulars.insert(word.to_owned(), singular.to_owned());
            self.plurals.insert(word.to_owned(), plural.to_owned());
        }
    }

    /// The singular of a word.
    pub(crate) fn singular(&self, word: &str) -> String {
        if let Some(singular) = self.singulars.get(word) {
            return singular.clone();
        }
        // A word that ends so is a singular, as far as the list above doesn't say otherwise; so is anything short, and what is not English letters.
        if is_foreign(word)
            || word.len() < 3
            || ["ss", "us", "is", "ous", "ics"].iter().any(|it| word.ends_with(it)) && !word.ends_with("menus")
        {
            return word.to_owned();
        }
        pluralizer::pluralize(word, 1, false)
    }

    /// The plural of a word.
    pub(crate) fn plural(&self, word: &str) -> String {
        if let Some(plural) = self.plurals.get(word) {
            return plural.clone();
        }
        if is_foreign(word) {
            return format!("{word}s");
        }
        pluralizer::pluralize(word, 2, false)
    }
}

/// Whether English rules say nothing about the word.
fn is_foreign(word: &str) -> bool {
    !word.bytes().all(|it| it.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_schemas() {
        let inflection =
            Inflection::new(&BTreeMap::from([("regex".to_owned(), "regexen".to_owned()), ("fish".to_owned(), "fish".to_owned())]));
        let check = |plural: &str, singular: &str| {
            assert_eq!(inflection.singular(plural), singular, "singular of {plural}");
            assert_eq!(inflection.singular(singular), singular, "singular of {singular}");
            assert_eq!(inflection.plural(singular), plural, "plural of {singular}");
            assert_eq!(inflection.plural(plural), plural, "plural of {plural}");
        };
        for pair in [
            "users user",
            "addresses address",
            "statuses status",
            "categories category",
            "caches cache",
            "databases database",
            "movies movie",
            "cookies cookie",
            "leaves leave",
            "shelves shelf",
            "people person",
            "children child",
            "indexes index",
            "matrices matrix",
            "analyses analysis",
            "bases base",
            "aliases alias",
            "boxes box",
            "taxes tax",
            "quizzes quiz",
            "heroes hero",
            "photos photo",
            "series series",
            "news news",
            "data data",
            "metadata metadata",
            "media media",
            "buses bus",
            "bonuses bonus",
            "campuses campus",
            "menus menu",
            "houses house",
            "warehouses warehouse",
            "purchases purchase",
            "releases release",
            "courses course",
            "responses response",
            "licenses license",
            "expenses expense",
            "keys key",
            "days day",
            "companies company",
            "currencies currency",
            "entries entry",
            "queries query",
            "histories history",
            "branches branch",
            "matches match",
            "batches batch",
            "switches switch",
            "classes class",
            "processes process",
            "businesses business",
            "invoices invoice",
            "prices price",
            "images image",
            "files file",
            "roles role",
            "types type",
            "vouchers voucher",
            "values value",
            "waves wave",
            "archives archive",
            "drives drive",
            "moves move",
            "wives wife",
            "lives life",
            "knives knife",
            "halves half",
            "calves calf",
            "tomatoes tomato",
            "potatoes potato",
            "echoes echo",
            "videos video",
            "logos logo",
            "repos repo",
            "shoes shoe",
            "toes toe",
            "criteria criterion",
            "phenomena phenomenon",
            "men man",
            "women woman",
            "feet foot",
            "teeth tooth",
            "geese goose",
            "mice mouse",
            "schemas schema",
            "regexen regex",
            "fish fish",
            "lenses lens",
            "gases gas",
            "viruses virus",
            "issues issue",
            "likes like",
            "sizes size",
            "schedules schedule",
            "permissions permission",
            "wallets wallet",
            "ties tie",
            "pies pie",
            "zombies zombie",
            "axes axis",
            "crises crisis",
            "theses thesis",
            "diagnoses diagnosis",
            "uses use",
            "causes cause",
            "diseases disease",
            "exercises exercise",
            "franchises franchise",
            "sales sale",
            "goals goal",
            "axles axle",
            "sms sms",
            "dns dns",
            "staff staff",
            "equipment equipment",
            "passes pass",
            "canvases canvas",
            "atlases atlas",
            "radii radius",
            "nodes node",
            "edges edge",
            "edges edge",
            "stages stage",
            "pages page",
            "ids id",
        ] {
            let (plural, singular) = pair.split_once(' ').expect("a pair");
            check(plural, singular);
        }
    }
}
