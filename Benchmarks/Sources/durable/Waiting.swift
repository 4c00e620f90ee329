import Engine
import Glibc
import Host
import Journal

/// What runs cost that wait for the answer of a person.
struct Waiting {
    let store: Store
    let count: Int
    private let host = Host.system

    func measure() async throws {
        let journal = try await store.open()
        var procedures = Procedures(store: journal)
        let inbox = Inbox(path: "\(store.folder)/inbox", on: host)
        try inbox.leave(Inbox.Letter(run: "another", word: .agree))
        procedures.inbox = inbox
        let before = Machine.megabytes
        let begun = host.steady()
        try await withThrowingTaskGroup(of: Void.self) { [procedures] group in
            for number in 0..<count {
                group.addTask { try await procedures.run("wait-\(number)", of: "wait-\(number)", 1, .question) }
            }
            group.addTask {
                while try await journal.rows(RunFilter(states: [.running], limit: count)).count < count {
                    try await host.sleep(.seconds(1))
                }
                DurableBench.say("until all wait, s", (host.steady() - begun).inSeconds, digits: 1)
                try await host.sleep(.seconds(5))
                let earlier = (Machine.processorTime, host.steady())
                try await host.sleep(.seconds(10))
                let share = (Machine.processorTime - earlier.0) / (host.steady() - earlier.1)
                DurableBench.say("memory of the process, MB", Machine.megabytes, digits: 0)
                DurableBench.say("memory of a waiting run, kB", (Machine.megabytes - before) * 1000 / Double(count))
                DurableBench.say("processor while all wait, % of a core", share * 100, digits: 1)
                // The runs would wait on: nobody answers.
                exit(0)
            }
            try await group.waitForAll()
        }
    }
}
