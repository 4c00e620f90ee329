import FoundationEssentials
import Host
import Journal

/// What a step adds to the journal: runs of many steps beside runs of few, in a store that has neither at first.
struct Growth {
    let store: Store
    private static let runs = 100
    private static let few = 3
    private static let many = 43

    func measure() async throws {
        let empty = try await size(after: 0, "none")
        let short = try await size(after: Self.few, "short")
        let long = try await size(after: Self.many, "long")
        let run = (short - empty) / Double(Self.runs)
        let step = (long - short - (short - empty)) / Double(Self.runs * (Self.many - Self.few))
        DurableBench.say("bytes of a run of \(Self.few) steps", run, digits: 0)
        DurableBench.say("bytes of a further step", step, digits: 0)
    }

    /// The store's bytes after runs of so many steps more.
    private func size(after steps: Int, _ name: String) async throws -> Double {
        let journal = try await store.open()
        if steps > 0 {
            let procedures = Procedures(store: journal)
            for number in 0..<Self.runs {
                try await procedures.run("\(name)-\(number)", of: "growth", steps, Procedures.trivial)
            }
        }
        await journal.close()
        if let url = store.url {
            return try Server(url).value(
                "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c JOIN pg_namespace AS n "
                    + "ON n.oid = c.relnamespace WHERE n.nspname = 'millwright' AND c.relkind = 'r'")
        }
        let facts = try FileManager.default.attributesOfItem(atPath: store.path)
        guard let size = facts[.size] as? Int else { throw Wrong(what: "the size of \(store.path)") }
        return Double(size)
    }
}
