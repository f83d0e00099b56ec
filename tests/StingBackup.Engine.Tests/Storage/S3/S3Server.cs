using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.Storage.S3;

/// <summary>Runs where Ceph's S3 server is installed; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CephFactAttribute : FactAttribute
{
    public CephFactAttribute() => Skip = CephBinaries.Missing;
}

/// <summary>As <see cref="CephFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CephTheoryAttribute : TheoryAttribute
{
    public CephTheoryAttribute() => Skip = CephBinaries.Missing;
}

/// <summary>Stores in the real server that all tests share.</summary>
internal static class S3Server
{
    private static readonly Lazy<Task<string>> SharedBucket = new(async () => await (await CephCluster.GetAsync()).NewBucketAsync());

    /// <summary>The server. Where there is none, the test that asks counts as skipped.</summary>
    public static async Task<CephCluster> GetAsync() => CephBinaries.Missing is { } why ? throw new InvalidOperationException($"$XunitDynamicSkip${why}") : await CephCluster.GetAsync();

    /// <summary>A new prefix in a bucket that all tests share.</summary>
    public static async Task<S3Options> NewOptionsAsync()
    {
        var cluster = await GetAsync();
        return cluster.Options($"s3://{await SharedBucket.Value}/{Guid.NewGuid():n}");
    }

    public static async Task<IObjectStore> OpenAsync(S3Options options) => await S3ObjectStore.OpenAsync(options, TimeProvider.System, default);
}
