namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>One seeded cluster for the tests that only read it or mend what they changed. They share a collection, so that they run one behind the other.</summary>
public sealed class StingCluster : IAsyncLifetime
{
    internal PostgresCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (PostgresBinaries.Missing is null)
        {
            Cluster = await PostgresCluster.StartNewAsync("fsync=off");
            await StingSchema.SeedAsync(Cluster);
        }
    }

    public async Task DisposeAsync()
    {
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class StingClusterCollection : ICollectionFixture<StingCluster>
{
    public const string Name = "a seeded PostgreSQL cluster";
}
