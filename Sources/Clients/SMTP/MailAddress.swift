public import Maintenance

/// A mail address that can stand in a command and in a header: nothing in it can end either.
public struct MailAddress: Hashable, Sendable, ParameterValue {
    public let name: String?
    public let address: String

    public static var typeName: String { "a mail address such as ops@example.com or \"Ops <ops@example.com>\"" }

    public static func read(_ value: PlanValue) throws(ValueError) -> MailAddress {
        let text = try scalar(value)
        guard let address = MailAddress(text) else {
            throw ValueError("`\(text.prefix(80))` is not \(typeName), in ASCII")
        }
        return address
    }

    public init?(_ text: String) {
        guard text.last == ">", let open = text.lastIndex(of: "<") else {
            name = nil
            address = text
            guard Self.isAddress(text) else { return nil }
            return
        }
        var display = text[..<open]
        while display.last == " " { display.removeLast() }
        name = display.isEmpty ? nil : String(display)
        address = String(text[text.index(after: open)...].dropLast())
        let isPlain = display.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isPlain, display.count <= SMTPLimits.address, Self.isAddress(address) else { return nil }
    }

    public var written: String { name.map { "\($0) <\(address)>" } ?? address }

    /// After the last `@`.
    public var domain: String { String(address.split(separator: "@").last ?? "localhost") }

    /// A dot-atom, `@`, a host name or an address in brackets (RFC 5321, 4.1.2); no quoted local part, no UTF-8.
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= SMTPLimits.address, parts[0].utf8.count <= 64 else { return false }
        let atoms = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard atoms.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(atomBytes.contains) }) else { return false }
        if parts[1].first == "[", parts[1].last == "]" {
            return parts[1].count > 2 && parts[1].dropFirst().dropLast().utf8.allSatisfy(literalBytes.contains)
        }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { !$0.isEmpty && $0.first != "-" && $0.utf8.allSatisfy(labelBytes.contains) }
    }

    private static let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
    private static let atomBytes = letters.union("!#$%&'*+-/=?^_`{|}~".utf8)
    private static let labelBytes = letters.union("-".utf8)
    private static let literalBytes = letters.union(".:".utf8)
}
