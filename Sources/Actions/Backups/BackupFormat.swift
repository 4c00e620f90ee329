import Maintenance

/// What a backup may be, as its first bytes tell.
enum BackupFormat: String, WordValue {
    /// What the key's ending says; where it says nothing, any of the others.
    case auto
    /// Not looked into.
    case any
    case gzip, zstd, bzip2, xz, lz4, zip, tar, sql
    case postgresqlCustom = "postgresql-custom"
    case age, gpg, openssl

    /// The formats that the ending of a key announces; `nil` where it announces none.
    static func announced(by key: String) -> Set<BackupFormat>? {
        guard let dot = key.lastIndex(of: "."), !key[dot...].contains("/") else { return nil }
        return endings[key[key.index(after: dot)...].lowercased()]
    }

    private static let endings: [String: Set<BackupFormat>] = [
        "gz": [.gzip], "tgz": [.gzip], "zst": [.zstd], "zstd": [.zstd], "bz2": [.bzip2], "xz": [.xz], "lz4": [.lz4],
        "zip": [.zip], "tar": [.tar], "sql": [.sql], "pgdump": [.postgresqlCustom], "age": [.age],
        "gpg": [.gpg], "pgp": [.gpg], "enc": [.openssl, .age, .gpg],
        "dump": [.postgresqlCustom, .sql, .gzip, .zstd, .tar], "backup": [.postgresqlCustom, .sql, .gzip, .zstd, .tar],
    ]

    /// What these first bytes are; `nil` where they are nothing that is known.
    static func recognised(_ head: [UInt8]) -> BackupFormat? {
        for (format, magic) in magics where head.starts(with: magic) { return format }
        if head.count > 262, head[257..<262].elementsEqual("ustar".utf8) { return .tar }
        if head.starts(with: Array("-----BEGIN PGP MESSAGE-----".utf8)) { return .gpg }
        // The first packet of an encrypted message: a session key for a public key or a passphrase.
        if let first = head.first, [0x84, 0x85, 0x8c, 0x8d, 0xc1, 0xc3].contains(first), !isText(head) { return .gpg }
        return isSQL(head) ? .sql : nil
    }

    private static let magics: [(BackupFormat, [UInt8])] = [
        (.gzip, [0x1f, 0x8b]), (.zstd, [0x28, 0xb5, 0x2f, 0xfd]), (.bzip2, Array("BZh".utf8)),
        (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), (.lz4, [0x04, 0x22, 0x4d, 0x18]), (.zip, [0x50, 0x4b, 3, 4]),
        (.postgresqlCustom, Array("PGDMP".utf8)), (.age, Array("age-encryption.org/v1".utf8)),
        (.age, Array("-----BEGIN AGE ENCRYPTED FILE-----".utf8)), (.openssl, Array("Salted__".utf8)),
    ]

    /// A text whose first statement or comment is one of SQL.
    private static func isSQL(_ head: [UInt8]) -> Bool {
        // Only the beginning: a row of data may hold any byte.
        guard isText(Array(head.prefix(512))) else { return false }
        let start = String(
            decoding: head.drop { $0 <= 32 || $0 == 0xef || $0 == 0xbb || $0 == 0xbf }.prefix(64), as: UTF8.self
        )
        .lowercased()
        return [
            "--", "/*", "set ", "create ", "begin", "insert ", "copy ", "drop ", "alter ", "start transaction", "use ",
            "lock ", "select ", "\\connect", "\\restrict", "pragma ",
        ].contains { start.hasPrefix($0) }
    }

    static func isText(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { $0 >= 32 || $0 == 9 || $0 == 10 || $0 == 13 || $0 == 12 || $0 == 27 }
    }

    /// What is certainly no backup, in words.
    static func foreign(_ head: [UInt8]) -> String? {
        let known: [(String, [UInt8])] = [
            ("a PDF", Array("%PDF".utf8)), ("a picture", [0x89, 0x50, 0x4e, 0x47]), ("a picture", [0xff, 0xd8, 0xff]),
            ("a program", [0x7f, 0x45, 0x4c, 0x46]), ("a script", Array("#!".utf8)),
        ]
        if let found = known.first(where: { head.starts(with: $0.1) }) { return found.0 }
        guard isText(head) else { return nil }
        let start = String(decoding: head.drop { $0 <= 32 }.prefix(32), as: UTF8.self).lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return "a web page" }
        if start.hasPrefix("<") { return "an XML document" }
        if start.hasPrefix("{") || start.hasPrefix("[") { return "a JSON document" }
        return "a text that is no SQL"
    }
}
