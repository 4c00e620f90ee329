import Maintenance

/// Finds secrets that stand in clear in a plan. What it says never repeats them.
enum ClearSecrets {
    static let advice = "write `${env:NAME}` or `${file:PATH}` and keep the secret there"

    /// What is wrong with a text under these keys; `isSecret` where its parameter is declared as a secret.
    static func mistake(in text: String, path: [String], isSecret: Bool) -> String? {
        guard !text.isEmpty, let parsed = try? ReferenceText(text) else { return nil }
        let literal = parsed.pieces.map { if case .literal(let text) = $0 { text } else { reference } }.joined()
        if hasPassword(literal) { return "a password stands here in clear; \(advice)" }
        let hasReference = !parsed.references.isEmpty
        if let key = path.last(where: { Int($0) == nil }), isSecretName(key), !hasReference {
            return "`\(key)` stands here in clear; \(advice)"
        }
        if isSecret, !hasReference, !namesAPlace(literal) { return "a secret stands here in clear; \(advice)" }
        return nil
    }

    /// An address without a password, or an absolute path.
    static func tellsOnlyAPlace(_ text: String) -> Bool {
        text.hasPrefix("/") || text.contains("://") && !hasPassword(text)
    }

    /// Stands for a reference's content while the text around it is looked at.
    private static let reference = "\u{FFFC}"

    /// A secret may be a whole address, and one without a password is none.
    private static func namesAPlace(_ text: String) -> Bool {
        isAddress(text)
    }

    /// A literal password in a URL's user information, its query, or a connection string.
    private static func hasPassword(_ text: String) -> Bool {
        isAddress(text) && (hasPasswordField(text.lowercased()) || hasPasswordBeforeHost(text))
    }

    private static func isAddress(_ text: String) -> Bool {
        ["://", "host=", "hostaddr=", "service=", "dbname="].contains { text.contains($0) }
    }

    private static func hasPasswordField(_ text: String) -> Bool {
        for name in ["password=", "passwd=", "access_token=", "api_key=", "token="] {
            for range in text.ranges(of: name) {
                let value = text[range.upperBound...].drop { $0 == "'" }.prefix {
                    $0 != "&" && $0 != "'" && !$0.isWhitespace
                }
                if !value.isEmpty, !value.hasPrefix(reference) { return true }
            }
        }
        return false
    }

    private static func hasPasswordBeforeHost(_ text: String) -> Bool {
        for scheme in text.ranges(of: "://") {
            let rest = text[scheme.upperBound...].prefix { !$0.isWhitespace }
            let authority = rest.prefix { !"/?#".contains($0) }
            guard let colon = authority.firstIndex(of: ":") else { continue }
            let after = authority[authority.index(after: colon)...]
            if let at = after.lastIndex(of: "@") {
                let password = after[..<at]
                if !password.isEmpty, password != reference[...] { return true }
            } else if rest.contains("@"), !after.isEmpty, !after.allSatisfy(\.isNumber), after != reference[...] {
                // A password with a sign that ends the authority: whoever wrote it forgot to encode it.
                return true
            }
        }
        return false
    }

    private static let names = [
        "password", "passwd", "passphrase", "secret", "token", "bearer", "apikey", "privatekey", "credential",
        "credentials",
        "authorization", "accesskey", "secretkey",
    ]

    static func isSecretName(_ key: String) -> Bool {
        let plain = key.lowercased().filter { $0 != "-" && $0 != "_" }
        return names.contains { plain.hasSuffix($0) }
    }
}
