using StingBackup.Fixtures.Ceph;
using StingBackup.Fixtures.PostgreSql;
using StingBackup.Portal.Tests.Support;

namespace StingBackup.Portal.Tests.Site;

/// <summary>Runs where PostgreSQL's server and Ceph's S3 server are installed; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SiteFactAttribute : FactAttribute
{
    public SiteFactAttribute() => Skip = Missing;

    public static string? Missing => PostgresBinaries.Missing ?? CephBinaries.Missing;
}

/// <summary>The same, and where there is a browser.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SiteBrowserFactAttribute : FactAttribute
{
    public SiteBrowserFactAttribute() => Skip = SiteFactAttribute.Missing ?? Browser.Missing;
}
