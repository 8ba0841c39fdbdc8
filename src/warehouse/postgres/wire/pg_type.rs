//! The types of Postgres that a column of ours can have.

/// A type of Postgres, domains resolved to what they are over.
///
/// The precision of `time(p)`, `timestamp(p)` and `interval(p)` is not kept: the values are microseconds all the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PgType {
    Bool,
    Int2,
    Int4,
    Int8,
    /// `oid` and what is one inside: `regclass`, `regtype` and so on.
    Oid,
    Float4,
    Float8,
    /// With precision and scale, or of any.
    Numeric(Option<(u16, i16)>),
    Text,
    /// With its greatest length, if it has one.
    Varchar(Option<u32>),
    /// `char(n)`.
    Bpchar(Option<u32>),
    Name,
    /// `"char"`, the one byte of the system catalogs.
    Char,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    /// `interval`, all fields.
    Interval,
    Uuid,
    Json,
    Jsonb,
    Bytea,
    /// By its name in SQL, qualified and quoted as need be (as `format_type` writes it).
    Enum {
        name: String,
    },
    /// Of one dimension. `element_oid` is what binary COPY writes before the elements; `None` where only the server knows.
    Array {
        element: Box<PgType>,
        element_oid: Option<u32>,
    },
    /// By its name in SQL. A table may have such a column as long as nobody reads it.
    Unsupported {
        name: String,
    },
}

/// What `pg_type` says of a type beyond its oid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PgKind {
    /// Anything that is none of the others: built in, composite, range, of an extension.
    Other,
    /// `typtype = 'e'`.
    Enum,
    /// `typcategory = 'A'`: the type of the elements (resolved, if that is a domain), and `typelem` as it is.
    Array { element: PgType, element_oid: u32 },
}

/// The built-in types: oid, oid of the array of it, the type without a modifier.
const BUILT_IN: &[(u32, u32, PgType)] = &[
    (16, 1000, PgType::Bool),
    (17, 1001, PgType::Bytea),
    (18, 1002, PgType::Char),
    (19, 1003, PgType::Name),
    (20, 1016, PgType::Int8),
    (21, 1005, PgType::Int2),
    (23, 1007, PgType::Int4),
    (25, 1009, PgType::Text),
    (26, 1028, PgType::Oid),
    (114, 199, PgType::Json),
    (700, 1021, PgType::Float4),
    (701, 1022, PgType::Float8),
    (1042, 1014, PgType::Bpchar(None)),
    (1043, 1015, PgType::Varchar(None)),
    (1082, 1182, PgType::Date),
    (1083, 1183, PgType::Time),
    (1114, 1115, PgType::Timestamp),
    (1184, 1185, PgType::Timestamptz),
    (1186, 1187, PgType::Interval),
    (1700, 1231, PgType::Numeric(None)),
    (2950, 2951, PgType::Uuid),
    (3802, 3807, PgType::Jsonb),
    // regproc, regprocedure, regoper, regoperator, regclass, regtype, regconfig, regdictionary, regnamespace, regrole,
    // regcollation. After `oid`, so that this is what `PgType::Oid` is written as.
    (24, 1008, PgType::Oid),
    (2202, 2207, PgType::Oid),
    (2203, 2208, PgType::Oid),
    (2204, 2209, PgType::Oid),
    (2205, 2210, PgType::Oid),
    (2206, 2211, PgType::Oid),
    (3734, 3735, PgType::Oid),
    (3769, 3770, PgType::Oid),
    (4089, 4090, PgType::Oid),
    (4096, 4097, PgType::Oid),
    (4191, 4192, PgType::Oid),
];

impl PgType {
    /// The type with this oid. `typmod` is `pg_attribute.atttypmod` (-1 for none; a domain's own is in
    /// `pg_type.typtypmod`), `name` what `format_type(oid, typmod)` gives. A domain is given as the type it is over.
    pub fn from_oid(oid: u32, typmod: i32, name: &str, kind: PgKind) -> PgType {
        match kind {
            PgKind::Enum => PgType::Enum { name: name.to_string() },
            PgKind::Array { element, element_oid } => match element.with_typmod(typmod) {
                PgType::Array { .. } | PgType::Unsupported { .. } => PgType::Unsupported { name: name.to_string() },
                element => PgType::Array { element: Box::new(element), element_oid: Some(element_oid) },
            },
            PgKind::Other => {
                for (scalar, array, built_in) in BUILT_IN {
                    if *scalar == oid {
                        return built_in.clone().with_typmod(typmod);
                    }
                    if *array == oid {
                        let element = Box::new(built_in.clone().with_typmod(typmod));
                        return PgType::Array { element, element_oid: Some(*scalar) };
                    }
                }
                PgType::Unsupported { name: name.to_string() }
            }
        }
    }

    /// The array of a type, as far as it is known without a server.
    pub fn array_of(element: PgType) -> PgType {
        let element_oid = element.oid();
        PgType::Array { element: Box::new(element), element_oid }
    }

    /// The oid of a built-in type. The others have one too, but each server its own.
    pub fn oid(&self) -> Option<u32> {
        if let PgType::Array { element, .. } = self {
            let element = element.without_modifier();
            return BUILT_IN.iter().find(|(_, _, built_in)| *built_in == element).map(|(_, array, _)| *array);
        }
        let plain = self.without_modifier();
        BUILT_IN.iter().find(|(_, _, built_in)| *built_in == plain).map(|(scalar, _, _)| *scalar)
    }

    /// How the type is written in SQL.
    pub fn sql(&self) -> String {
        let name = match self {
            PgType::Bool => "boolean",
            PgType::Int2 => "smallint",
            PgType::Int4 => "integer",
            PgType::Int8 => "bigint",
            PgType::Oid => "oid",
            PgType::Float4 => "real",
            PgType::Float8 => "double precision",
            PgType::Numeric(None) => "numeric",
            PgType::Numeric(Some((precision, scale))) => return format!("numeric({precision},{scale})"),
            PgType::Text => "text",
            PgType::Varchar(None) => "character varying",
            PgType::Varchar(Some(length)) => return format!("character varying({length})"),
            // `character` alone would be `character(1)`.
            PgType::Bpchar(None) => "bpchar",
            PgType::Bpchar(Some(length)) => return format!("character({length})"),
            PgType::Name => "name",
            PgType::Char => "\"char\"",
            PgType::Date => "date",
            PgType::Time => "time without time zone",
            PgType::Timestamp => "timestamp without time zone",
            PgType::Timestamptz => "timestamp with time zone",
            PgType::Interval => "interval",
            PgType::Uuid => "uuid",
            PgType::Json => "json",
            PgType::Jsonb => "jsonb",
            PgType::Bytea => "bytea",
            PgType::Enum { name } | PgType::Unsupported { name } => name,
            PgType::Array { element, .. } => return format!("{}[]", element.sql()),
        };
        name.to_string()
    }

    fn with_typmod(self, typmod: i32) -> PgType {
        // The first four count a header that only the server sees.
        let Ok(modifier) = u32::try_from(typmod.saturating_sub(4)) else {
            return self;
        };
        match self {
            PgType::Varchar(_) => PgType::Varchar(Some(modifier)),
            PgType::Bpchar(_) => PgType::Bpchar(Some(modifier)),
            PgType::Numeric(_) => {
                let precision = (modifier >> 16) as u16;
                // Eleven bits with a sign.
                let scale = ((modifier & 0x7ff) ^ 0x400) as i16 - 0x400;
                PgType::Numeric(Some((precision, scale)))
            }
            other => other,
        }
    }

    fn without_modifier(&self) -> PgType {
        match self {
            PgType::Varchar(_) => PgType::Varchar(None),
            PgType::Bpchar(_) => PgType::Bpchar(None),
            PgType::Numeric(_) => PgType::Numeric(None),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in(oid: u32, typmod: i32) -> PgType {
        PgType::from_oid(oid, typmod, "?", PgKind::Other)
    }

    #[test]
    fn modifiers_are_read_as_the_server_writes_them() {
        // From `select atttypid, atttypmod, format_type(atttypid, atttypmod) from pg_attribute`.
        for (oid, typmod, sql) in [
            (1700, -1, "numeric"),
            (1700, ((38 << 16) | 10) + 4, "numeric(38,10)"),
            (1700, ((5 << 16) | (-2 & 0x7ff)) + 4, "numeric(5,-2)"),
            (1043, 24, "character varying(20)"),
            (1043, -1, "character varying"),
            (1042, 5, "character(1)"),
            (1042, -1, "bpchar"),
            (1184, 3, "timestamp with time zone"),
            (1015, 14, "character varying(10)[]"),
            (1231, ((10 << 16) | 2) + 4, "numeric(10,2)[]"),
            (2205, -1, "oid"),
            (869, -1, "?"),
        ] {
            assert_eq!(built_in(oid, typmod).sql(), sql, "oid {oid}, typmod {typmod}");
        }
    }

    #[test]
    fn an_array_knows_what_its_elements_are_called_on_the_server() {
        let color = PgType::from_oid(16400, -1, "shop.color", PgKind::Enum);
        let kind = PgKind::Array { element: color.clone(), element_oid: 16400 };
        let colors = PgType::from_oid(16399, -1, "shop.color[]", kind);
        assert_eq!(colors, PgType::Array { element: Box::new(color.clone()), element_oid: Some(16400) });
        assert_eq!(colors.sql(), "shop.color[]");
        assert_eq!(PgType::array_of(PgType::Text).oid(), Some(1009));
        assert_eq!(PgType::array_of(color).oid(), None);
        assert_eq!(PgType::Oid.oid(), Some(26));
        let box_array = PgKind::Array { element: built_in(603, -1), element_oid: 603 };
        assert_eq!(PgType::from_oid(1020, -1, "box[]", box_array), PgType::Unsupported { name: "box[]".to_string() });
    }
}
