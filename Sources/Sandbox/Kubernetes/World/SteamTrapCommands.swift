extension SteamTrapCluster {
    /// What the package managers of the images answer.
    func setUsualCommands() {
        let inspector = PodSelection.labels(["app": "steam-trap-inspector"])
        let pip = ExecAnswer(Self.pip)
        for program in [["pip"], ["pip3"], ["python", "-m", "pip"], ["python3", "-m", "pip"]] {
            cluster.setCommand(program + ["list", "--outdated", "--format=json"], of: inspector, pip)
            cluster.setCommand(program + ["list", "--outdated", "--format", "json"], of: inspector, pip)
            cluster.setCommand(program + ["--version"], of: inspector, ExecAnswer("pip 24.0 (python 3.11)\n"))
        }
        // npm says 1 where something is outdated.
        for app in ["steam-trap-inspector", "api-gateway"] {
            cluster.setCommand(
                ["npm", "outdated", "--json"], of: .labels(["app": app]), ExecAnswer(Self.npm, exitCode: 1))
            cluster.setCommand(["npm", "--version"], of: .labels(["app": app]), ExecAnswer("9.8.1\n"))
        }
        cluster.setFile("/app/VERSION", of: inspector, Array("2.4.2\n".utf8))
    }

    private static let pip = """
        [{"name": "certifi", "version": "2024.2.2", "latest_version": "2026.10.5", "latest_filetype": "wheel"}, \
        {"name": "fastapi", "version": "0.110.0", "latest_version": "0.121.3", "latest_filetype": "wheel"}, \
        {"name": "numpy", "version": "1.26.4", "latest_version": "2.3.5", "latest_filetype": "wheel"}]

        """
    private static let npm = """
        {
          "express": {
            "current": "4.18.2",
            "wanted": "4.21.2",
            "latest": "5.1.0",
            "dependent": "app",
            "location": "/app/node_modules/express"
          },
          "ws": {
            "current": "8.16.0",
            "wanted": "8.18.3",
            "latest": "8.18.3",
            "dependent": "app",
            "location": "/app/node_modules/ws"
          }
        }

        """
}
