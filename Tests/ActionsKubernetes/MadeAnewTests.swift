import ClientKubernetes
import Host
import Maintenance
import Testing

@testable import ActionsKubernetes

/// Which young pods came in the place of earlier ones, and which were added.
struct MadeAnewTests {
    private let since = Instant("2026-11-20T00:00:00Z") ?? Instant(microsecondsSinceEpoch: 0)

    /// Made so many hours after the period began.
    private func object(_ name: String, _ hours: Double, node: String? = nil) -> KubernetesObject {
        let made = since + .seconds(Int64(hours * 3600))
        return KubernetesObject(
            JSONValue.object([:]).with(.text(name), at: "metadata", "name")
                .with(.text(made.description), at: "metadata", "creationTimestamp")
                .with(node.map { .text($0) }, at: "spec", "nodeName"))
    }

    /// The pods of a StatefulSet by their numbers, each with the hour in which it was made.
    private func anew(
        _ pods: KeyValuePairs<Int, Double>, set hours: Double = -50, first: Int = 0, scaled: Double? = nil,
        fields: JSONValue = ["f:replicas": [:]]
    ) -> [String] {
        let time = scaled.map { since + .seconds(Int64($0 * 3600)) }
        let entry: JSONValue = [
            "time": time.map { .text($0.description) } ?? .null, "fieldsV1": ["f:spec": fields],
        ]
        let set = object("db", hours)
            .json.with(.list([entry]), at: "metadata", "managedFields")
            .with(.number(Double(first)), at: "spec", "ordinals", "start")
        return KubernetesObject(set).numberedAnew(pods.map { object("db-\($0)", $1) }, since: since)
            .map(\.name).sorted()
    }

    @Test func podsOfAStatefulSet() {
        #expect(anew([0: -50, 1: -50, 2: -3]).isEmpty)
        // The highest one came anew, or was added.
        #expect(anew([0: -50, 1: -50, 2: 3]) == ["db-2"])
        #expect(anew([0: -50, 1: -50, 2: 3], scaled: 2.9).isEmpty)
        #expect(anew([0: -50, 1: -50, 2: 3], scaled: -1) == ["db-2"])
        let whole: JSONValue = ["f:replicas": [:], "f:template": [:]]
        #expect(anew([0: -50, 1: -50, 2: 3], scaled: 2.9, fields: whole) == ["db-2"])
        // Scaling adds none below one that is there, and none at the lowest number.
        #expect(anew([0: -50, 1: 3, 2: -50], scaled: 2.9) == ["db-1"])
        #expect(anew([0: 3], scaled: 2.9) == ["db-0"])
        #expect(anew([5: 3], first: 5, scaled: 2.9) == ["db-5"])
        #expect(anew([10: -50, 9: 3], scaled: 2.9) == ["db-9"])
        // A rollout goes from above to below.
        #expect(anew([0: 3, 1: 2, 2: 1], scaled: 0.9) == ["db-0", "db-1"])
        #expect(anew([0: 3, 1: 2, 2: 1]) == ["db-0", "db-1", "db-2"])
        // All at once come in any order.
        #expect(anew([0: -50, 1: 3.001, 2: 3], scaled: 2.9).isEmpty)
    }

    @Test func aYoungStatefulSet() {
        #expect(anew([0: 1, 1: 1.1, 2: 1.5], set: 1).isEmpty)
        #expect(anew([0: 5, 1: 1.1], set: 1) == ["db-0"])
        #expect(anew([0: 5], set: 1) == ["db-0"])
        // Made just before the period.
        #expect(anew([0: 0.01, 1: 0.02], set: -0.01).isEmpty)
    }

    @Test func podsOfADaemonSet() {
        let nodes = [object("old", -50), object("young", 1)]
        func anew(_ hours: Double, _ node: String?, set: Double = -50) -> Bool {
            !object("agent", set).placedAnew([object("agent-x", hours, node: node)], since: since, on: nodes).isEmpty
        }
        #expect(!anew(-1, "old") && anew(3, "old") && anew(3, "gone"))
        #expect(!anew(1.01, "young") && anew(3, "young"))
        #expect(!anew(3, "old", set: 2.99) && !anew(3, nil))
    }
}
