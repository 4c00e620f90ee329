/// What an action works on: one target, or several, each in a role of its own.
///
/// Every `TargetKind` is one, with a single role. An action that needs two targets, or takes one of several kinds,
/// declares its own: its roles, and how the access to them is made.
public protocol TargetRequirement: Sendable {
    associatedtype Access: Sendable

    static var roles: [TargetRole] { get }
    static func access(
        to targets: StepTargets, for purpose: Purpose, in context: Context
    ) async throws -> Access
}

/// A part that a target plays in a step.
public struct TargetRole: Hashable, Sendable {
    /// The word in a plan and in reports; `on` where there is only one.
    public let name: String
    /// The kinds that can play it, the preferred one first.
    public let kinds: [String]

    public init(_ name: String = TargetRole.only, kinds: [String]) {
        self.name = name
        self.kinds = kinds
    }

    /// The name of a role that is the only one.
    public static let only = "on"
}

extension TargetKind {
    public static var roles: [TargetRole] { [TargetRole(kinds: [name])] }

    public static func access(
        to targets: StepTargets, for purpose: Purpose, in context: Context
    ) async throws -> Access {
        try await targets.access(Self.self, for: purpose, in: context)
    }
}

/// The targets of a step, by their roles.
public struct StepTargets: Sendable {
    private let byRole: [String: OpenTarget]

    public init(_ byRole: [String: OpenTarget]) { self.byRole = byRole }

    /// The target of an action that has one role.
    public init(_ only: OpenTarget) { byRole = [TargetRole.only: only] }

    /// Who they are, by role.
    public var identities: [String: String] { byRole.mapValues(\.identity) }

    /// The kind of the target that plays a role, for one that several kinds can play.
    public func kind(of role: String = TargetRole.only) -> String? { byRole[role]?.kindName }

    /// The target that plays a role, for an action that has no type.
    public subscript(_ role: String) -> OpenTarget? { byRole[role] }

    /// The typed access to the target in a role.
    public func access<Kind: TargetKind>(
        _ kind: Kind.Type, role: String = TargetRole.only, for purpose: Purpose, in context: Context
    ) async throws -> Kind.Access {
        guard let target = byRole[role] else {
            throw CouldNotLook(.notFound, "The step names no target for `\(role)`.")
        }
        return try await target.access(kind, for: purpose, in: context)
    }

    public func close() async {
        for target in byRole.values { await target.close() }
    }
}
