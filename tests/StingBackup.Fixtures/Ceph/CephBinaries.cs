namespace StingBackup.Fixtures.Ceph;

/// <summary>Ceph's programs, as Debian's packages install them.</summary>
internal static class CephBinaries
{
    private static readonly string[] Needed = ["ceph-mon", "ceph-mgr", "ceph-osd", "radosgw", "radosgw-admin", "ceph-authtool", "monmaptool", "ceph"];

    /// <summary>Why no cluster can be had; null when one can.</summary>
    public static string? Missing { get; } = OperatingSystem.IsLinux() && Needed.All(n => File.Exists(Tool(n))) ? null
        : "Ceph's S3 server is not installed (apt-get install --no-install-recommends ceph-mon ceph-mgr ceph-osd radosgw).";

    public static string Tool(string name) => $"/usr/bin/{name}";
}
