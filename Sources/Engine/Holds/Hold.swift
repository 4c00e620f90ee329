public import Host
import Maintenance
import Plans

/// The stop button, pressed: nothing is changed where it holds until somebody releases it. Looking goes on.
public struct Hold: Codable, Hashable, Sendable {
    public let scope: HoldScope
    public let reason: String
    /// Who set it.
    public let by: String
    public let at: Instant

    public init(scope: HoldScope, reason: String, by: String, at: Instant) {
        self.scope = scope
        self.reason = reason
        self.by = by
        self.at = at
    }
}

/// What a hold stops.
public enum HoldScope: Codable, Hashable, Sendable, CustomStringConvertible {
    case all
    case service(String)
    /// A target's identity, as runs and `explain` show it, or its name in the plan.
    case target(String)

    public var description: String {
        switch self {
        case .all: "everything"
        case .service(let name): "the service \(name)"
        case .target(let name): "the target \(name)"
        }
    }

    func covers(_ start: RunStart) -> Bool {
        switch self {
        case .all: true
        case .service(let name): start.plan.service == name
        case .target(let name): start.identities.contains { $0.key == name || $0.value == name }
        }
    }
}

extension Cause {
    /// Somebody asked the work to stop: what was not done is not known to be well.
    var isStop: Bool { code == .cancelled || code == .held }
}
