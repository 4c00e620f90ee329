import Foundation
import Synchronization

extension Fault {
    static let cacheFaults: [Fault] = [
        cacheProxy("redis-refused", "nobody listens on the cache's port", .refuse),
        cacheProxy("redis-hang", "the cache's port accepts and never answers", .hang),
        cacheProxy("redis-garbage", "the cache's port answers garbage", .garbage),
        cacheProxy("redis-cut", "the cache cuts each connection after 2,000 bytes", .init(after: (2000, .cut))),
        cacheProxy("redis-slow", "each answer of the cache takes 3 s more", .latency(.seconds(3))),
        cache("redis-no-permission", "the cache's user may not UNLINK or DEL") {
            try await $0.cache.command(["ACL", "SETUSER", "millwright", "-unlink", "-del"])
        } heal: {
            try await $0.grantCache()
        },
        cache("redis-no-scan", "the cache's user may not SCAN") {
            try await $0.cache.command(["ACL", "SETUSER", "millwright", "-scan", "-keys"])
        } heal: {
            try await $0.grantCache()
        },
        cache("redis-login-refused", "the password of the cache's user was changed") {
            try await $0.cache.command(["ACL", "SETUSER", "millwright", "resetpass", ">changed"])
            $0.proxies.cache.dropConnections()
        } heal: {
            try await $0.grantCache()
        },
        cache("redis-readonly", "the cache became a replica and refuses writes") {
            try await $0.cache.command(["REPLICAOF", "127.0.0.1", String(Scratch.freePort())])
        } heal: {
            try await $0.cache.command(["REPLICAOF", "NO", "ONE"])
        },
        cache("redis-loading", "the cache is loading its data and answers LOADING") {
            try await $0.beginLoading()
        } heal: {
            try await $0.endLoading()
        },
        cache("redis-persistent-keys", "a third of the cache's keys lost their end of life") {
            try await $0.cache.command(["EVAL", Self.persist, "0"])
        } heal: {
            try await $0.cache.command(["EVAL", Self.expire, "0"])
        },
    ]

    private static let persist = """
        local found = redis.call('KEYS', 'steam-trap:cache:report:*')
        for _, key in ipairs(found) do redis.call('PERSIST', key) end
        return #found
        """
    private static let expire = """
        local found = redis.call('KEYS', 'steam-trap:cache:report:*')
        for _, key in ipairs(found) do redis.call('EXPIRE', key, 3600) end
        return #found
        """

    private static func cacheProxy(_ name: String, _ summary: String, _ behaviour: FaultProxy.Behaviour) -> Fault {
        cache(name, summary) {
            try $0.proxies.cache.set(behaviour)
            $0.proxies.cache.dropConnections()
        } heal: {
            try $0.proxies.cache.set(.forward)
            $0.proxies.cache.dropConnections()
        }
    }

    private static func cache(
        _ name: String, _ summary: String, apply: @escaping @Sendable (SteamTrapSandbox) async throws -> Void,
        heal: @escaping @Sendable (SteamTrapSandbox) async throws -> Void
    ) -> Fault {
        Fault(name, summary, seenBy: "redis.delete-pattern", at: [.keys], apply: apply, heal: heal)
    }
}

extension SteamTrapSandbox {
    /// Makes Redis write its data and read it again, so slowly that it takes ten minutes.
    func beginLoading() async throws {
        let pause = max(1, 600_000_000 / size.keys)
        try await cache.command([
            "CONFIG", "SET", "key-load-delay", String(pause), "loading-process-events-interval-bytes", "1024",
        ])
        guard let descriptor = Loopback.connect(port: cache.port) else {
            throw ProgramError(program: "redis-server", reason: "nobody listens on 127.0.0.1:\(cache.port)")
        }
        _ = Loopback.sendAll(descriptor, Array("DEBUG RELOAD\r\n".utf8))
        loading.withLock { $0 = descriptor }
        guard try await eventually({ try await self.isLoading() }) else {
            throw ProgramError(program: "redis-server", reason: "it did not begin to load")
        }
    }

    func endLoading() async throws {
        guard let descriptor = loading.withLock({ $0 }) else { return }
        try await cache.command(["CONFIG", "SET", "key-load-delay", "0"])
        guard try await eventually({ try await !self.isLoading() }) else {
            throw ProgramError(program: "redis-server", reason: "it did not end to load")
        }
        close(descriptor)
        loading.withLock { $0 = nil }
    }

    private func isLoading() async throws -> Bool {
        try await cache.command(["INFO", "persistence"]).contains("loading:1")
    }
}
