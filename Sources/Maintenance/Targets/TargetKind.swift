public import Host

/// A kind of target: how a plan writes it, what may be said of it, and how it is reached.
///
/// One value is one target. A client is opened once a run and shared by its steps; an access is what one step gets,
/// bound to the step's purpose, deadline and evidence.
public protocol TargetKind: TargetRequirement where Access == Reached {
    associatedtype Client: Sendable
    associatedtype Reached: Sendable

    /// The word in a plan: `postgresql`.
    static var name: String { get }
    static var summary: String { get }
    /// The parameter that a lone text sets: `redis: "redis://…"`.
    static var shorthand: String { get }
    /// The URL schemes by which `look` knows it.
    static var schemes: [String] { get }
    static var parameters: [Parameter<Self>] { get }

    init()

    /// Host, port, database, user: the only part that may appear anywhere.
    var identity: String { get }
    /// What is changed, whoever changes it: the identity without the user. Changes of one place go one after the other,
    /// also those of different services; `nil` where they need not.
    var place: String? { get }
    /// The secrets in it, for the masker.
    var secrets: [Secret] { get }

    /// What is wrong with the parameters taken together, beyond each one's type.
    func validate() throws(ValueError)
    /// Reaches nothing yet: the first access connects.
    func open(on host: Host) -> Client
    func access(_ client: Client, for purpose: Purpose, in context: Context) async throws -> Reached
    func close(_ client: Client) async
}

extension TargetKind {
    public var place: String? { identity }
    public var secrets: [Secret] { [] }
    public func validate() throws(ValueError) {}
}

/// A target kind without its type, for the plan, the engine and the docs.
public struct TargetKindDefinition: Sendable {
    public let name: String
    public let summary: String
    public let shorthand: String
    public let schemes: [String]
    public let parameters: [ParameterDescription]
    private let parse: @Sendable (PlanValue) throws(ValueErrors) -> any TargetKind
    private let decodable: @Sendable (PlanValue, Set<String>) throws(ValueErrors) -> Void

    public init<Kind: TargetKind>(_ kind: Kind.Type) {
        name = kind.name
        summary = kind.summary
        shorthand = kind.shorthand
        schemes = kind.schemes
        parameters = kind.parameters.map(\.description)
        decodable = { value, unresolved throws(ValueErrors) in
            _ = try kind.parameters.decode(value, of: kind.name, into: kind.init(), unresolved: unresolved)
        }
        parse = { value throws(ValueErrors) in
            let target = try kind.parameters.decode(value, of: kind.name, into: kind.init())
            do throws(ValueError) { try target.validate() } catch { throw ValueErrors([error]) }
            return target
        }
    }

    /// Reads a target's settings; references in them are resolved before.
    public func target(from settings: PlanValue) throws(ValueErrors) -> any TargetKind {
        try parse(spelledOut(settings))
    }

    /// What can be said of settings while those named in `unresolved` still hold references.
    public func mistakes(in settings: PlanValue, unresolved: Set<String>) -> [ValueError] {
        do { try decodable(spelledOut(settings), unresolved) } catch { return error.errors }
        return []
    }
}

/// A target in use by a run: its client is opened at the first need and closed at the end.
public final class OpenTarget: Sendable {
    public let identity: String
    public let place: String?
    public let kindName: String
    public let secrets: [Secret]
    /// How the plan wrote it, resolved: for a program that reaches the target by itself. They may hold secrets.
    public let settings: PlanValue
    private let kind: any TargetKind
    private let client: any Sendable
    private let closeClient: @Sendable () async -> Void

    /// `secrets` are what resolving the settings brought to light, besides those that the kind knows of.
    public convenience init(
        _ kind: any TargetKind, settings: PlanValue = .null, secrets: [Secret] = [], on host: Host
    ) {
        self.init(opening: kind, settings: settings, secrets: secrets, on: host)
    }

    private init<Kind: TargetKind>(opening kind: Kind, settings: PlanValue, secrets: [Secret], on host: Host) {
        self.settings = settings
        let client = kind.open(on: host)
        self.kind = kind
        self.client = client
        identity = kind.identity
        place = kind.place
        kindName = Kind.name
        self.secrets = kind.secrets + secrets
        closeClient = { await kind.close(client) }
    }

    /// The typed access for an action of this kind.
    func access<Kind: TargetKind>(
        _: Kind.Type, for purpose: Purpose, in context: Context
    ) async throws -> Kind.Access {
        guard let kind = kind as? Kind, let client = client as? Kind.Client else {
            throw CouldNotLook(
                .notSupported, "\(identity) is a \(kindName) target, and this action needs \(Kind.name).")
        }
        return try await kind.access(client, for: purpose, in: context)
    }

    public func close() async { await closeClient() }
}
