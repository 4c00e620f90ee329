import Glibc
import Host

/// What this machine allows at best: wakes at each second, with nothing after it or with one page brought to the disk.
struct Floor {
    let folder: String
    let writes: Bool
    private let host = Host.system

    func measure(for seconds: Int) async throws {
        let file = open("\(folder)/floor", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Wrong(what: "a file in \(folder)") }
        defer { close(file) }
        let page = [UInt8](repeating: 1, count: 8192)
        var late: [Double] = []
        for number in 0..<seconds {
            let due = Instant(secondsSinceEpoch: host.now().secondsSinceEpoch + 1)
            try await host.sleep(due - host.now())
            if writes {
                guard pwrite(file, page, page.count, number * page.count) == page.count, fdatasync(file) == 0 else {
                    throw Wrong(what: "a page on the disk")
                }
            }
            late.append((host.now() - due).inSeconds * 1000)
        }
        try ServingBench.say(latenesses: late)
    }
}
