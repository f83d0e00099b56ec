using Npgsql;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.PostgreSql;
using StingBackup.Engine.Tests.Sting;
using StingBackup.Engine.Tests.Support;
using StingBackup.Engine.Tiering.Cold;
using StingBackup.Fixtures.Sting;

namespace StingBackup.Engine.Tests.Operations.Drills;

/// <summary>The complete system out of the archive: a real database server, the stand-in for Vault, folders.</summary>
public sealed class SiteDrillTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public async Task A_complete_system_comes_back_rows_and_secrets_included_and_one_wrong_row_fails_it()
    {
        var clock = new MovedClock();
        await using var site = await StingSite.CreateAsync(_folder["site"], new StingSiteOptions { Seed = 7, Edges = false });
        var file = await site.ProtectAsync(_folder["backup"], clock);
        Directory.CreateDirectory(_folder["archive"]);
        var token = site.Vault.TokenWith("""
            path "sting/metadata/*"       { capabilities = ["read", "list"] }
            path "sting/data/files/*"     { capabilities = ["read"] }
            path "sting/metadata/drill/*" { capabilities = ["create", "update", "read", "list", "delete"] }
            path "sting/data/drill/*"     { capabilities = ["create", "update", "read"] }
            """);
        await File.WriteAllTextAsync(_folder["backup/vault-token"], token);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("\ndrills:\n", "\ndrills:\n  vault_prefix: drill\n", StringComparison.Ordinal).Replace("\narchive:\n", $"\narchive:\n  location: {_folder["archive"]}\n", StringComparison.Ordinal));
        await SiteJobs.BackupAsync(file, BackupType.Full);
        clock.Advance(TimeSpan.FromDays(8));
        await WithAsync(installation => TestInstallation.CompleteAsync<ArchiveResult>(ColdRecut.RunAsync(installation, null, default)));
        var before = await SiteImage.SecretsAsync(site, "drill");

        var test = await WithAsync(installation => DrillAsync(installation, RecoveryTestType.Full, []));
        Assert.True(test.Passed, string.Join("; ", [.. test.Reasons, .. test.Differences, .. test.Checks, $"{test.RestoreTime} {test.CompareTime}"]));
        Assert.Equal((Tier.Archive, 2026L), (test.Tier, test.Seed));
        foreach (var kind in (string[])["rows, read back out of a server", "secrets, read back out of Vault", "references of rows to files", "files by the reserve's own", "files by the catalogue"])
        {
            var check = test.Checks.FirstOrDefault(c => c.Kind == kind);
            Assert.True(check is { Compared: > 5 } && check.Compared == check.Equal, $"{kind}: {string.Join("; ", test.Checks)}");
        }
        Assert.Equal(await RowsAsync(site), test.Checks.Single(c => c.Kind.StartsWith("rows", StringComparison.Ordinal)).Compared);

        // One value of one row of one table, of a honey jar's.
        var errors = new List<StingException>();
        var table = "";
        var wrong = await WithAsync(installation =>
        {
            installation.DrillLoaded = async settings =>
            {
                await using var connection = new NpgsqlConnection($"Host={settings.Host};Username=postgres;Database=sting_app;Pooling=false");
                await connection.OpenAsync();
                await using var change = new NpgsqlCommand("UPDATE honey_jars SET name = name || '!' WHERE id = (SELECT id FROM honey_jars ORDER BY id LIMIT 1)", connection);
                Assert.Equal(1, await change.ExecuteNonQueryAsync());
                table = "sting_app.public.honey_jars";
            };
            return DrillAsync(installation, RecoveryTestType.HoneyJar, errors);
        });
        Assert.Equal(RecoveryVerdict.Failed, wrong.Verdict);
        var difference = Assert.Single(wrong.Differences);
        Assert.Equal(table, difference.Item);
        Assert.Contains("not all the same", difference.Why, StringComparison.Ordinal);
        Assert.Equal("DrillFailed", Assert.Single(errors).ErrorId);

        // Nothing is left: no folder, no secret, no server.
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["backup/state/drills"]));
        Assert.Equal(before, await SiteImage.SecretsAsync(site, "drill"));

        async Task<T> WithAsync<T>(Func<Installation, Task<T>> work)
        {
            await using var installation = await Installation.OpenAsync(new ConfigurationLoader(new HostView()).Load(file), new InstallationOptions { Clock = clock }, default);
            return await work(installation);
        }
    }

    private static async Task<RecoveryTest> DrillAsync(Installation installation, RecoveryTestType type, List<StingException> errors) => await TestInstallation.CompleteAsync<RecoveryTest>(
        DrillJob.RunAsync(installation, await DrillJob.PlanAsync(installation, new RecoveryTestRequest { Type = type, Seed = 2026 }, default), default), errors);

    private static async Task<long> RowsAsync(StingSite site) => (await SiteImage.RowsAsync(site)).Count;
}
