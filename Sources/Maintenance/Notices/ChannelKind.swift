/// What a channel is for.
public enum ChannelUse: String, Sendable {
    /// Tells people.
    case notices
    /// Tells a watchdog that a run came to its end, so that silence is an alarm. It is never told of anything else: a
    /// notice of a failure would quieten it.
    case heartbeat
}

/// A kind of channel: how an estate writes it, what may be said of it, and how something is sent over it.
///
/// One value is one channel.
public protocol ChannelKind: Sendable {
    /// The word in an estate: `webhook`.
    static var name: String { get }
    static var summary: String { get }
    /// The parameter that a lone text sets.
    static var shorthand: String { get }
    static var use: ChannelUse { get }
    /// True where sending the same again does no harm: then what was perhaps sent is sent again.
    static var isIdempotent: Bool { get }
    /// Of a heartbeat, the parameter without which it says nothing of runs that did not pass.
    static var failureParameter: String? { get }
    /// The parameter whose mail addresses may be written as names of the estate's people and groups.
    static var recipientParameter: String? { get }
    static var parameters: [Parameter<Self>] { get }

    init()

    /// Where it leads, without secrets: the only part that may appear anywhere.
    var identity: String { get }
    /// The secrets in it, for the masker.
    var secrets: [Secret] { get }

    /// What is wrong with the parameters taken together, beyond each one's type.
    func validate() throws(ValueError)
    /// Sends once and says what the receiver answered. `id` is the same in every attempt, and unlike any other's.
    ///
    /// Throws `DeliveryError`; whatever else it throws counts as perhaps sent.
    func deliver(_ notice: Notice, id: String, in context: Context) async throws -> DeliveryReceipt
}

extension ChannelKind {
    public static var use: ChannelUse { .notices }
    public static var isIdempotent: Bool { false }
    public static var failureParameter: String? { nil }
    public static var recipientParameter: String? { nil }
    public var secrets: [Secret] { [] }
    public func validate() throws(ValueError) {}
}

/// A channel kind without its type, for the estate, the engine and the docs.
public struct ChannelKindDefinition: Sendable {
    public let name: String
    public let summary: String
    public let shorthand: String
    public let use: ChannelUse
    public let isIdempotent: Bool
    public let failureParameter: String?
    public let recipientParameter: String?
    public let parameters: [ParameterDescription]
    private let parse: @Sendable (PlanValue) throws(ValueErrors) -> any ChannelKind
    private let decodable: @Sendable (PlanValue, Set<String>) throws(ValueErrors) -> Void

    public init<Kind: ChannelKind>(_ kind: Kind.Type) {
        name = kind.name
        summary = kind.summary
        shorthand = kind.shorthand
        use = kind.use
        isIdempotent = kind.isIdempotent
        failureParameter = kind.failureParameter
        recipientParameter = kind.recipientParameter
        parameters = kind.parameters.map(\.description)
        decodable = { value, unresolved throws(ValueErrors) in
            _ = try kind.parameters.decode(value, of: kind.name, into: kind.init(), unresolved: unresolved)
        }
        parse = { value throws(ValueErrors) in
            let channel = try kind.parameters.decode(value, of: kind.name, into: kind.init())
            do throws(ValueError) { try channel.validate() } catch { throw ValueErrors([error]) }
            return channel
        }
    }

    /// Reads a channel's settings; references in them are resolved before.
    public func channel(from settings: PlanValue) throws(ValueErrors) -> any ChannelKind {
        try parse(spelledOut(settings))
    }
}

extension ChannelKindDefinition: SettingsReader {
    public func mistakes(in settings: PlanValue, unresolved: Set<String>) -> [ValueError] {
        do { try decodable(spelledOut(settings), unresolved) } catch { return error.errors }
        return []
    }

    public func mistakes(in settings: PlanValue) -> [ValueError] {
        do { _ = try channel(from: settings) } catch { return error.errors }
        return []
    }
}

/// What the settings of a target or a channel are read by.
public protocol SettingsReader {
    var name: String { get }
    /// The parameter that a lone text sets.
    var shorthand: String { get }
    var parameters: [ParameterDescription] { get }

    /// What can be said of settings while those named in `unresolved` still hold references.
    func mistakes(in settings: PlanValue, unresolved: Set<String>) -> [ValueError]
    /// What is wrong with settings that hold no reference.
    func mistakes(in settings: PlanValue) -> [ValueError]
}

extension SettingsReader {
    /// A lone text is the value of the kind's shorthand.
    public func spelledOut(_ settings: PlanValue) -> PlanValue {
        if case .text = settings { return .map([.init(shorthand, settings)]) }
        return settings
    }
}

extension TargetKindDefinition: SettingsReader {
    public func mistakes(in settings: PlanValue) -> [ValueError] {
        do { _ = try target(from: settings) } catch { return error.errors }
        return []
    }
}
