import Glibc

/// The name by which a server is asked for, and the rule by which a certificate is for it (RFC 6125 and 9525): names of
/// the certificate's subject alternative name only, a wildcard for one whole first label only.
public struct ServerName: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// True for a literal address, which has no server name indication and no wildcards.
    public let isAddress: Bool

    public init(_ name: String) {
        if let address = Self.address(name) {
            description = address
            isAddress = true
        } else {
            var small = name.lowercased()
            if small.hasSuffix("."), small.count > 1 { small.removeLast() }
            description = small
            isAddress = false
        }
    }

    public func matches(_ names: [String]) -> Bool { names.contains(where: matches) }

    private func matches(_ name: String) -> Bool {
        if name == description { return true }
        guard !isAddress, name.hasPrefix("*.") else { return false }
        let parent = name.dropFirst(2)
        // `*.example` would be a whole top-level domain.
        guard parent.contains("."), let dot = description.firstIndex(of: "."), dot != description.startIndex else {
            return false
        }
        return description[description.index(after: dot)...] == parent
    }

    /// The address as it is always written, so that equal ones are equal texts; nil where it is a name.
    private static func address(_ name: String) -> String? {
        var four = in_addr()
        if inet_pton(AF_INET, name, &four) == 1 {
            return text(ofAddress: withUnsafeBytes(of: four) { Array($0) })
        }
        var six = in6_addr()
        if inet_pton(AF_INET6, name, &six) == 1 {
            return text(ofAddress: withUnsafeBytes(of: six) { Array($0) })
        }
        return nil
    }

    /// nil where these are not the bytes of an address.
    static func text(ofAddress bytes: [UInt8]) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
            return nil
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
