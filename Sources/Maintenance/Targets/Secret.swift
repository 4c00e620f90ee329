/// A text that may go to a target and nowhere else: it can be neither printed nor encoded.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    public init(_ value: String) { self.value = value }

    /// The text itself, for the client that signs in with it.
    public func reveal() -> String { value }

    public var isEmpty: Bool { value.isEmpty }
    public var description: String { "(secret)" }
    public var debugDescription: String { "(secret)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A secret is written as a reference; by the time a kind reads it, the reference is resolved.
extension Secret: ParameterValue {
    public static var typeName: String { "a reference such as ${env:NAME}" }
    public static func read(_ value: PlanValue) throws(ValueError) -> Secret { Secret(try scalar(value)) }
    public var written: String { description }
}
