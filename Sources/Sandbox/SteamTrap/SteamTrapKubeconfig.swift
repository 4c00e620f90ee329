import Foundation

extension SteamTrapSandbox {
    /// A kubeconfig in which each of Millwright's two users is a context, reached through the proxy.
    static func kubeconfig(_ server: KubernetesServer, port: Int) throws -> String {
        let path = try server.kubeconfig(user: SteamTrapCluster.changeUser, namespace: SteamTrapCluster.namespace)
        let text = try String(contentsOfFile: path, encoding: .utf8).replacing(":\(server.port)", with: ":\(port)")
        let proxied = path + ".proxied"
        try Data(text.utf8).write(to: URL(fileURLWithPath: proxied))
        return proxied
    }
}
