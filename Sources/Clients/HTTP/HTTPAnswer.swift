/// What an endpoint answered.
public struct HTTPAnswer: Sendable {
    public let status: Int
    /// In the order in which they came.
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]
    /// True where the body was longer than the limit, and only its beginning is here.
    public let bodyIsCut: Bool
    /// From the request until the head of the answer, by the steady clock; includes connecting where that was needed.
    public let firstByte: Duration
    /// From the request until the end of the body.
    public let total: Duration

    /// The first header of that name, whatever its case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Where a redirect points, without user, query and fragment; `nil` where the answer is no redirect.
    public var redirectTarget: String? {
        guard (300...399).contains(status), status != 304 else { return nil }
        guard let location = header("location") else { return "nowhere" }
        var target = location.prefix { $0 != "?" && $0 != "#" }
        if let mark = target.firstRange(of: "://") {
            let authority = target[mark.upperBound...].prefix { $0 != "/" }
            if let at = authority.lastIndex(of: "@") {
                target = target[..<mark.upperBound] + target[target.index(after: at)...]
            }
        }
        return String(target.filter { $0.isASCII && !$0.isWhitespace }.prefix(HTTPLimits.location))
    }
}

/// What to do with a body that is longer than the limit.
public enum Oversize: Sendable {
    /// The answer is of no use: `too-large`.
    case refuse
    /// Its beginning is enough.
    case cut
}
