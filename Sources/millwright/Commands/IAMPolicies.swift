import Maintenance
import Plans

/// The policies of IAM that a plan needs, one for looking and one for changing.
struct IAMPolicies {
    private var statements: [Purpose: [String]] = [:]

    /// A right of a bucket is a statement with `{bucket}` and `{prefix}` in the place of the target's.
    mutating func add(_ right: Right, of step: RunStep, in plan: RunPlan, _ catalogue: Catalogue) {
        guard right.kind == "s3" else { return }
        let targets = step.targets.values.sorted().compactMap { plan.targets[$0] }.filter { $0.kind == right.kind }
        for target in targets {
            let (bucket, prefix) = Self.place(of: target, catalogue) ?? ("{bucket}", "{prefix}")
            let statement = right.grant.replacing("{bucket}", with: bucket).replacing("{prefix}", with: prefix)
            if !statements[right.purpose, default: []].contains(statement) {
                statements[right.purpose, default: []].append(statement)
            }
        }
    }

    /// One document with both: `look` and `change`, each a policy to attach.
    var text: String {
        let policies = [Purpose.look, .change].compactMap { purpose in
            statements[purpose].map { lines in
                let list = lines.map { "    \($0)" }.joined(separator: ",\n")
                return "  \"\(purpose.rawValue)\": {\"Version\": \"2012-10-17\", \"Statement\": [\n\(list)\n  ]}"
            }
        }
        return "{\n" + policies.joined(separator: ",\n") + "\n}"
    }

    /// `nil` where a reference says which bucket it is: that is known only when it runs. Of the other settings, such as
    /// keys, none is needed.
    private static func place(of target: RunTarget, _ catalogue: Catalogue) -> (bucket: String, prefix: String)? {
        guard let kind = catalogue.kinds[target.kind],
            case .map(let settings) = kind.spelledOut(target.settings)
        else { return nil }
        let place = settings.filter { $0.key == "bucket" || $0.key == "prefix" }
        let isKnown = place.allSatisfy { if case .text(let text) = $0.value { !text.contains("${") } else { false } }
        guard isKnown, let identity = try? kind.target(from: .map(place)).identity, identity.hasPrefix("s3://"),
            let end = identity.firstRange(of: " at ")
        else { return nil }
        let parts = identity[..<end.lowerBound].dropFirst(5)
            .split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let prefix = try? encodeJSON(String(parts[1])) else { return nil }
        return (String(parts[0]), String(decoding: prefix.dropFirst().dropLast(), as: UTF8.self))
    }
}
