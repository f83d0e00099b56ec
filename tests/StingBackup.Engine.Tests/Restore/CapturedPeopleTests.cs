using System.Text;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.PostgreSql;

namespace StingBackup.Engine.Tests.Restore;

/// <summary>People found by address and number without a users map, from the rows that restore points hold.</summary>
public sealed class CapturedPeopleTests : IAsyncLifetime, IAsyncDisposable
{
    private PostgresCluster _cluster = null!;
    private TestInstallation _test = null!;

    private static string Person(int n) => $"user:{StingSchema.KratosId(n)}";

    public async Task InitializeAsync()
    {
        if (PostgresBinaries.Missing is not null)
        {
            return;
        }
        _cluster = await PostgresCluster.StartNewAsync("fsync=off");
        await StingSchema.SeedAsync(_cluster);
        _test = new TestInstallation();
        _test.Write("conf/config.yml", "a: 1"u8);
        var file = Path.Combine(_test.Root, "sting-backup.yaml");
        await File.WriteAllTextAsync(file, $$"""
            repository: { backup_root: {{_test.RepositoryRoot}} }
            reserve: { path: {{_test.ReserveRoot}} }
            keys: { spares: 20, directory: {{Path.Combine(_test.Root, "keys")}} }
            postgresql: { host: {{_cluster.Root}}, port: {{_cluster.Port}}, user: postgres, tool_directory: {{PostgresBinaries.Folder}}, databases: [sting_app, kratos] }
            state_directory: {{Path.Combine(_test.Root, "state")}}
            """);
        var configuration = new ConfigurationLoader(new HostView()).Load(file);
        _test.FurtherSources = [.. ConfiguredSources.Of(configuration, ReserveMap.Compile(_test.Settings, UsersMap.Empty), UsersMap.Empty, _test.HostView, TimeProvider.System)];
    }

    public async Task DisposeAsync() => await ((IAsyncDisposable)this).DisposeAsync();

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
            await _test.DisposeAsync();
        }
    }

    private async Task<SubjectChoice> ResolveAsync(string name)
    {
        using var repository = await RepositoryReading.OpenAsync(_test.Installation, default);
        return await repository.Resolver.ResolveAsync(RestoreScope.User, name, [.. repository.Finder.All], default);
    }

    private async Task<StingException> FailsAsync(string name) => await Assert.ThrowsAsync<StingException>(() => ResolveAsync(name));

    [PostgresFact]
    public async Task By_address_in_any_case_and_by_number()
    {
        await _test.BackupAsync();
        Assert.Equal(Person(3), (await ResolveAsync("person3@example.org")).Names[0]);
        Assert.Equal(Person(7), (await ResolveAsync(" person7@EXAMPLE.org ")).Names[0]);
        Assert.Equal(Person(3), (await ResolveAsync("3")).Names[0]);
        Assert.Equal("user#5", (await ResolveAsync("person5@example.org")).Names[0]);

        // By Kratos's identities alone, too.
        await _cluster.ExecuteAsync("kratos", "UPDATE identities SET traits = '{\"email\": \"new.name@example.org\", \"name\": {\"first\": \"N\"}}' WHERE id = uid(3)");
        await _test.BackupAsync();
        Assert.Equal(Person(3), (await ResolveAsync("new.name@example.org")).Names[0]);
    }

    [PostgresFact]
    public async Task Items_and_points_are_found_by_address_in_whatever_class()
    {
        await _test.BackupAsync();
        using var catalog = new Catalog(_test.Installation);
        var items = await catalog.ItemsAsync("latest", DataClass.AuditLogs, "person3@example.org", null, recurse: true, default).ToListAsync();
        Assert.NotEmpty(items);
        Assert.All(items, item => Assert.Equal(Person(3), item.Subject));
        Assert.NotEmpty(await catalog.PointsAsync(new PointQuery { Subject = "person3@example.org" }, default).ToListAsync());
        Assert.NotEmpty(await catalog.FindAsync("*.copy", "person3@example.org", new PointQuery { DataClass = DataClass.Settings }, default).ToListAsync());
    }

    [PostgresFact]
    public async Task Whom_nobody_knows_gets_the_nearest_addresses()
    {
        await _test.BackupAsync();
        var error = await FailsAsync("persan3@example.org");
        Assert.Equal("UserNotFound", error.ErrorId);
        Assert.Contains("person3@example.org", error.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task An_address_that_two_people_share_names_both()
    {
        await _cluster.ExecuteAsync("kratos", "UPDATE identities SET traits = '{\"email\": \"Person2@example.org\"}' WHERE id = uid(3)");
        await _test.BackupAsync();
        var error = await FailsAsync("person2@example.org");
        Assert.Equal("UserAmbiguous", error.ErrorId);
        Assert.Contains($"{Person(2)}, {Person(3)}", error.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Who_got_a_UUID_later_is_one_person()
    {
        await _test.BackupAsync();
        await _cluster.ExecuteAsync("sting_app", "UPDATE users SET kratos_id = uid(5)::text WHERE id = 5");
        await _test.BackupAsync();
        Assert.Equal([Person(5), "user#5"], (await ResolveAsync("person5@example.org")).Names.Take(2));
    }

    [PostgresFact]
    public async Task Who_is_gone_from_the_database_is_found_and_who_is_erased_is_not()
    {
        await _test.BackupAsync();
        await _cluster.ExecuteAsync("kratos", "DELETE FROM sessions; DELETE FROM identities WHERE id = uid(3)");
        await _cluster.ExecuteAsync("sting_app", "DELETE FROM user_settings WHERE user_id = 3; DELETE FROM file_permissions WHERE user_id = 3; DELETE FROM users WHERE id = 3");
        await _test.BackupAsync();
        Assert.Equal(Person(3), (await ResolveAsync("person3@example.org")).Names[0]);
        Assert.DoesNotContain("person3@example.org", Directory.EnumerateFiles(_test.RepositoryRoot, "*", SearchOption.AllDirectories)
            .Where(f => !f.Contains("~staging", StringComparison.Ordinal)).Select(f => Encoding.Latin1.GetString(File.ReadAllBytes(f))).Aggregate("", string.Concat), StringComparison.OrdinalIgnoreCase);

        _test.Keys.Forget(Person(3));
        var error = await FailsAsync("person3@example.org");
        Assert.Equal("UserNotFound", error.ErrorId);
        Assert.DoesNotContain(StingSchema.KratosId(3).ToString(), error.Message, StringComparison.Ordinal);
    }
}
