import Host
import Maintenance

/// What was so before a restart, and what it is known by: everything that a probe needs besides the cluster.
public struct RolloutBaseline: Codable, Sendable {
    let kind: WorkloadKind
    let name: String
    let namespace: String
    let uid: String
    /// When the facts were taken, by our clock.
    let at: Instant
    /// Who restarts: run, step and unit. The new pods carry it.
    let mark: String
    let generation: Int
    /// Of the template without what a restart writes: another one is somebody else's change.
    let template: String
    /// What a restart writes, as it was before.
    let earlierMark: String?
    let earlierInstant: String?
    let pods: Set<String>
    /// How many of them were ready: a restart that is taken back owes no more. Older records do not say.
    let ready: Int?
    /// The uids of what owned these pods.
    let owners: Set<String>
    /// When the condition `Progressing` was last written: a stale one speaks of the rollout before.
    let progressing: Instant?
    /// Services of its pods that had a ready address.
    let services: [String]
    /// Bytes of memory that its pods used, where the cluster measures them.
    let memory: Double?
}

/// The annotations by which a restart is known, and the record of it.
enum RestartMark {
    /// What kubectl writes into the template, and other tools show.
    static let instant = "kubectl.kubernetes.io/restartedAt"
    /// In the template, hence on every new pod: whose restart it is. On the workload: what became of it.
    static let key = "millwright/restart"

    /// What the workload says of our restart.
    enum Record: Equatable {
        case applied(Instant)
        case settled(Instant, lowest: Int)
        case undone(Instant)
    }

    static func text(_ mark: String, _ record: Record) -> String {
        switch record {
        case .applied(let at): "\(mark) applied \(at)"
        case .settled(let at, let lowest): "\(mark) settled \(at) \(lowest)"
        case .undone(let at): "\(mark) undone \(at)"
        }
    }

    static func record(_ mark: String, in annotations: [String: String]) -> Record? {
        guard let text = annotations[key], text.hasPrefix(mark + " ") else { return nil }
        let words = text.dropFirst(mark.count + 1).split(separator: " ").map(String.init)
        guard words.count > 1, let at = Instant(words[1]) else { return nil }
        switch words[0] {
        case "applied": return .applied(at)
        case "settled": return words.count > 2 ? Int(words[2]).map { .settled(at, lowest: $0) } : nil
        case "undone": return .undone(at)
        default: return nil
        }
    }
}

extension Workload {
    /// The template without what a restart writes into it.
    var templateDigest: String {
        get throws {
            var template = template
            if case .object(var fields) = template, case .object(var metadata)? = fields["metadata"] {
                var annotations = templateAnnotations
                annotations[RestartMark.key] = nil
                annotations[RestartMark.instant] = nil
                metadata["annotations"] =
                    annotations.isEmpty ? nil : .object(annotations.mapValues { .text($0) })
                metadata["creationTimestamp"] = nil
                fields["metadata"] = .object(metadata)
                template = .object(fields)
            }
            return sha256Hex(try encodeJSON(template))
        }
    }
}
