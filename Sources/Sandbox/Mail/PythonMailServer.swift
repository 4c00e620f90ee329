import Foundation

/// A mail server by other hands (Debian's python3-aiosmtpd), which reads what it is given with Python's own mail parser:
/// a second opinion on what we send.
public final class PythonMailServer: Sendable {
    /// A message as Python's `email` package understands it.
    public struct Message: Codable, Sendable {
        public let from: String
        public let recipients: [String]
        public let protected: Bool
        public let user: String?
        /// By name; a header that stands twice is an error.
        public let headers: [String: String]
        public let text: String
        public let html: String
        /// What the parser found wrong.
        public let defects: [String]
    }

    public let port: Int
    private let supervisor: Supervisor

    private init(port: Int, supervisor: Supervisor) {
        self.port = port
        self.supervisor = supervisor
    }

    /// Takes mail only under TLS, from who signs in with this name and password.
    public static func start(
        certificate: IssuedCertificate, isImplicit: Bool = false, user: String, password: String
    ) async throws -> PythonMailServer {
        let folder = try Scratch.makeFolder("mail", under: nil)
        let port = try Scratch.freePort()
        let script = folder + "/server.py"
        try program.write(toFile: script, atomically: false, encoding: .utf8)
        let command = [
            "/usr/bin/python3", script, String(port), certificate.chainPath, certificate.keyPath,
            isImplicit ? "implicit" : "starttls", user, password, folder,
        ]
        let supervisor = try Supervisor.own(folder, command: command, endSignal: "KILL")
        try await supervisor.orEnd {
            try supervisor.resume()
            try await supervisor.waitUntil("aiosmtpd") { FileManager.default.fileExists(atPath: folder + "/ready") }
        }
        return PythonMailServer(port: port, supervisor: supervisor)
    }

    public func stop() async { await supervisor.end() }

    /// What was taken, in order.
    public func messages() throws -> [Message] {
        let names = try FileManager.default.contentsOfDirectory(atPath: supervisor.folder)
        return try names.filter { $0.hasSuffix(".json") }.sorted().map { name in
            let bytes = try Data(contentsOf: URL(filePath: supervisor.folder + "/" + name))
            return try JSONDecoder().decode(Message.self, from: bytes)
        }
    }

    private static let program = """
        import asyncio, email, email.policy, json, os, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

        port, chain, key, mode, user, password, folder = sys.argv[1:]
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(chain, key)
        count = 0

        def sign_in(server, session, envelope, mechanism, data):
            known = LoginPassword(user.encode(), password.encode())
            return AuthResult(success=data == known, handled=False, auth_data=data)

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                global count
                count += 1
                message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
                defects = [str(defect) for part in message.walk() for defect in part.defects]
                defects += [str(defect) for value in message.values() for defect in value.defects]
                if len(message.keys()) != len(set(message.keys())):
                    defects.append("a header stands twice")
                kept = {
                    "from": envelope.mail_from, "recipients": envelope.rcpt_tos, "protected": server.transport.get_extra_info("sslcontext") is not None,
                    "user": session.auth_data.login.decode() if session.auth_data else None,
                    "headers": dict(message.items()), "defects": defects,
                    "text": message.get_body(("plain",)).get_content(), "html": message.get_body(("html",)).get_content(),
                }
                path = os.path.join(folder, "%06d.json" % count)
                with open(path + ".part", "w") as file:
                    json.dump(kept, file)
                os.rename(path + ".part", path)
                return "250 2.0.0 Ok: kept as %06d" % count

        async def main():
            loop = asyncio.get_running_loop()
            implicit = mode == "implicit"
            def make():
                return SMTP(
                    Handler(), authenticator=sign_in, auth_required=True, auth_require_tls=not implicit,
                    tls_context=None if implicit else tls, require_starttls=not implicit, loop=loop)
            server = await loop.create_server(make, "127.0.0.1", int(port), ssl=tls if implicit else None)
            open(os.path.join(folder, "ready"), "w").close()
            await server.serve_forever()

        asyncio.run(main())
        """
}
