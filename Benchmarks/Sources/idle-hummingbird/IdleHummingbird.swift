import Glibc
import Hummingbird
import Logging
import NIOCore

/// The smallest Hummingbird server: what a Swift service takes that does nothing. It says its port and waits.
@main
struct IdleHummingbird {
    static func main() async throws {
        let router = Router()
        router.get("health") { _, _ in "ok" }
        var logger = Logger(label: "idle-hummingbird")
        logger.logLevel = .error
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                print(channel.localAddress?.port ?? 0)
                fflush(nil)
            }, logger: logger)
        try await application.runService()
    }
}
