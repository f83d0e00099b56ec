namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What the strategy and STING's layout leave out of the installation's own files. Shown by Get-StingBackupConfig as the default of <c>reserve.exclude_system</c>.</summary>
internal static class DefaultExclusions
{
    public static IReadOnlyList<string> Globs { get; } =
    [
        // cache files
        "cache/", ".cache/", "__pycache__/", "*.pyc", ".pytest_cache/", ".mypy_cache/", "/redis/", "/redis_data/", "*.swp", ".DS_Store", "Thumbs.db",
        // session data
        "sessions/", "user_sessions*", "app_sessions*", "passkey_*_challenges*",
        // binaries and applications: what an installation brings along
        "/bin/", "/sbin/", "/lib/", "/lib64/", "*.exe", "*.dll", "*.so", "*.so.[0-9]*", "*.dylib", "node_modules/", ".venv/", "/build_*",
        // models: only the root's own, app/models is source
        "/models/**", "/llm_*",
        // container images
        "/images/", "/docker/", "/containerd/", "*.qcow2", "*.vmdk", "*.iso",
        // real-time analytics, and the mail catcher
        "analytics/realtime/", "realtime_analytics/", "realtime-analytics/", "/mailpit/", "/mailpit_data/",
        // other backups and bundles
        "backups/", "support_bundles/",
    ];
}
