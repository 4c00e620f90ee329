public import Host

/// A guard against a document that nobody renews: its time must not lie further back than this.
public struct Freshness: ParameterValue {
    var at: JSONPlace?
    var within: Duration?

    public init() {}

    public static let typeName = "a map with `at` and `within`"

    static var parameters: [Parameter<Freshness>] {
        [
            .required("at", \.at, "Where the document's time stands: ISO 8601 with its offset, or seconds since 1970."),
            .required("within", \.within, "How old it may be, such as 8 days."),
        ]
    }

    public static var schema: JSONValue {
        .object([
            "type": "object", "additionalProperties": false, "required": ["at", "within"],
            "properties": .object(["at": JSONPlace.schema, "within": Duration.schema]),
        ])
    }

    public static func read(_ value: PlanValue) throws(ValueError) -> Freshness {
        do { return try parameters.decode(value, of: "fresh", into: Freshness()) } catch {
            throw error.errors.first ?? ValueError("not \(typeName)")
        }
    }

    public var written: String { "{ at: \(at?.written ?? ""), within: \(within?.written ?? "") }" }

    /// Throws where the document is too old, or does not say how old it is.
    public func check(_ document: JSONValue, now: Instant) throws(CouldNotLook) {
        guard let at, let within else { return }
        guard let found = at.find(in: document), found != .null else {
            throw CouldNotLook(.noData, "The document does not say its time: it has no `\(at.written)`.")
        }
        guard let time = Self.instant(found) else {
            throw CouldNotLook(
                .malformed, "`\(at.written)` is not a time in ISO 8601 with its offset, nor seconds since 1970.")
        }
        let age = now - time
        guard age <= within else {
            throw CouldNotLook(
                .stale, "The document is of \(time); it may be at most \(within.written) old. Nobody renews it.")
        }
        guard age >= .zero - Limits.clockDifference else {
            throw CouldNotLook(.malformed, "The document is of \(time), which is yet to come: a clock is wrong.")
        }
    }

    /// When the document says that it was made.
    public func time(of document: JSONValue) -> Instant? { at?.find(in: document).flatMap(Self.instant) }

    /// A document's time: ISO 8601 with its offset, or seconds or milliseconds since 1970.
    static func instant(_ value: JSONValue) -> Instant? {
        switch value {
        case .text(let text):
            if let instant = Instant(text) { return instant }
            return JSONNumber.parse(text.utf8).flatMap(instant)
        case .number(let seconds): return instant(seconds)
        default: return nil
        }
    }

    /// Programs in JavaScript count milliseconds; no time in seconds is that large for three thousand years.
    private static func instant(_ number: Double) -> Instant? {
        let seconds = number > 1e11 ? number / 1000 : number
        guard seconds > 0, seconds < 1e11 else { return nil }
        return Instant(microsecondsSinceEpoch: Int64(seconds * 1e6))
    }
}
