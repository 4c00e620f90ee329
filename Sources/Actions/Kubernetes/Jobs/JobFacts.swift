import Host
import Maintenance

/// What a Job's object says, read once.
struct JobFacts: Sendable {
    let name: String
    let uid: String
    let owners: [String]
    let annotations: [String: String]
    let created: Instant?
    let started: Instant?
    let completed: Instant?
    let deleted: Instant?
    let active: Int
    let succeeded: Int
    let failed: Int
    let isSuspended: Bool
    let conditions: [Pod.Condition]

    init(_ object: JSONValue) {
        name = object.text("metadata", "name") ?? "?"
        uid = object.text("metadata", "uid") ?? ""
        owners = object.items("metadata", "ownerReferences").compactMap { $0.text("uid") }
        annotations = object.texts("metadata", "annotations")
        created = object.instant("metadata", "creationTimestamp")
        started = object.instant("status", "startTime")
        completed = object.instant("status", "completionTime")
        deleted = object.instant("metadata", "deletionTimestamp")
        active = object.integer("status", "active") ?? 0
        succeeded = object.integer("status", "succeeded") ?? 0
        failed = object.integer("status", "failed") ?? 0
        isSuspended = object.flag("spec", "suspend")
        conditions = object.items("status", "conditions").compactMap { Pod.Condition($0) }
    }

    var failure: Pod.Condition? { conditions.first { $0.type == "Failed" && $0.isTrue } }
    var isComplete: Bool { conditions.contains { $0.type == "Complete" && $0.isTrue } }
    var isOver: Bool { isComplete || failure != nil }

    /// From its start to its end, by the cluster's clock.
    var duration: Duration? {
        guard let started, let end = completed ?? failure?.since else { return nil }
        return end - started
    }

    /// Of two Jobs that were begun at once the later gives way: every starter sees the same order.
    func isBefore(_ other: JobFacts) -> Bool {
        (created?.microsecondsSinceEpoch ?? 0, name) < (other.created?.microsecondsSinceEpoch ?? 0, other.name)
    }
}

/// How a Job that was begun by this step is known.
enum JobMark {
    static let run = "millwright/run"
    static let step = "millwright/step"
    /// The whole of it, in an annotation: a label is too short for it.
    static let key = "millwright/job"
    /// The digest of what a Job was to be: another one under the same name is not ours.
    static let spec = "millwright/spec"
    /// The reason of the event that says that the Job was taken back.
    static let undone = "MillwrightUndone"

    /// The same for the same run and step, different for all others: a second attempt finds the first.
    static func name(of cronJob: String, mark: String) -> String {
        let digest = sha256Hex(mark.utf8).prefix(10)
        var stem = cronJob.prefix(KubernetesActionLimits.jobNameStem)
        while let last = stem.last, !last.isLetter, !last.isNumber { stem.removeLast() }
        return "\(stem)-mw-\(digest)"
    }

    /// What a label's value may hold.
    static func labelValue(_ text: String) -> String {
        var value = String(
            text.prefix(63).map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
        while let last = value.last, !last.isLetter, !last.isNumber { value.removeLast() }
        while let first = value.first, !first.isLetter, !first.isNumber { value.removeFirst() }
        return value
    }
}
