public import Maintenance
public import Schedules

/// A service's maintenance, read and found right.
public struct Plan: Sendable {
    public let service: String
    public let owner: String?
    public let timezone: String
    public let zone: Zone
    public let windows: [String: PlanWindow]
    /// In the order of the file.
    public let procedures: [Procedure]
    public let notices: [NoticeRule]
    public let estate: Estate?
    public let file: String
    /// SHA-256 of the plan's and the estate's bytes.
    public let digest: String
    /// In the order of the file; `default` where the plan names none.
    public var environments: [String] { environmentSources.map(\.name) }

    let targets: [TargetSource]
    let environmentSources: [EnvironmentSource]
    let position: Position

    public func procedure(_ name: String) -> Procedure? { procedures.first { $0.name == name } }
}

/// When work that users may notice is agreed to be done.
public struct PlanWindow: Sendable {
    public let name: String
    /// The schedule as the plan writes it.
    public let opensText: String
    public let window: Window
}

/// What is done, and when.
public struct Procedure: Sendable {
    public let name: String
    public let summary: String?
    public let schedule: Schedule?
    /// The schedule as the plan writes it; of a procedure that begins with its window, the window's.
    public let scheduleText: String?
    /// The window that it obeys.
    public let window: String?
    /// It begins when its window opens.
    public let beginsWithWindow: Bool
    public let inputs: [Input]
    public let reports: [RunReport]
    public let notices: [NoticeRule]
    /// By environment.
    public let heartbeat: [String: RunHeartbeat]

    let steps: [StepSource]
    let position: Position

    /// What is given to a run.
    public struct Input: Hashable, Sendable {
        public let name: String
        public let type: InputType
        public let defaultValue: PlanValue?
        public let summary: String?
    }
}

/// A target as it stands in the file.
struct TargetSource: Sendable {
    let name: String
    let kind: String
    let settings: PlanNode
    let position: Position
}

struct EnvironmentSource: Sendable {
    let name: String
    let targets: [TargetSource]
    let position: Position
}

/// A step as it stands in the file: references, names and conditions are not looked at yet.
struct StepSource: Sendable {
    let id: Located<String>
    let action: Located<String>
    let isDo: Bool
    let summary: Located<String>?
    let with: PlanNode?
    let target: TargetNames?
    let warn: Located<String>?
    let fail: Located<String>?
    let when: Located<String>?
    let limit: PlanNode?
    let retry: RetrySource?
    let timeout: PlanNode?
    let guards: [Located<String>]
    let onFailure: Located<OnFailure>?
    let forEach: PlanNode?
    let proof: [StepSource]
    let disabled: Located<String>?
    let position: Position
}

/// What a step says it works on.
enum TargetNames: Sendable {
    case lone(Located<String>)
    case byRole([String: Located<String>], Position)

    var position: Position {
        switch self {
        case .lone(let name): name.position
        case .byRole(_, let position): position
        }
    }
}

struct RetrySource: Sendable {
    let times: PlanNode?
    let wait: PlanNode?
}
