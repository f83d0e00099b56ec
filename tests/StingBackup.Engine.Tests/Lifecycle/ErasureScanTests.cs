using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Capture;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.PostgreSql;
using StingBackup.Engine.Tests.Capture;
using StingBackup.Engine.Tests.Chroma;
using StingBackup.Engine.Tests.PostgreSql;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>
/// After an erasure everything that can be restored is restored and searched for what was planted: in PostgreSQL (rows and whole captures of the server), Vault, Chroma and folders. The certificate names
/// exactly what still holds it, and once the days that it names have passed nothing does.
/// </summary>
public sealed class ErasureScanTests
{
    private const string Planted = "PLANTED-of-the-erased-3f1c";

    [PostgresFact]
    public async Task A_scan_of_everything_restorable_finds_what_the_certificate_names_until_its_day_and_then_nothing()
    {
        await using var living = await LivingReserve.StartAsync("capture: { enabled: true, alarm_spool_room: 16MiB }");
        await PlantAsync(living);
        var running = new RunningCapture(living.Configuration, await MetadataCapture.PlanAsync(living.Configuration, default));
        await using (running)
        {
            await CapturedServer.UntilAsync(async () => running.Failure is { } failure ? throw failure : await MetadataCapture.ReadAsync(living.Configuration, TimeProvider.System, default) is { State: CaptureState.Streaming });
            await living.BackupAsync(BackupType.Full);
            await living.BackupAsync();
        }

        // Before: every source gives it back, or the scan would prove nothing.
        var before = await ScanAsync(living);
        Assert.Contains(before, found => found.StartsWith("vault/", StringComparison.Ordinal));
        Assert.Contains(before, found => found.StartsWith("jars/", StringComparison.Ordinal));
        Assert.Contains(before, found => found.StartsWith("users/", StringComparison.Ordinal));
        Assert.Contains(before, found => found.StartsWith("vectors/", StringComparison.Ordinal));
        Assert.Contains(before, found => found.Contains("file_assets", StringComparison.Ordinal));
        Assert.Contains(before, found => found.StartsWith("server: ", StringComparison.Ordinal));

        var done = await living.EraseAsync(LivingReserve.Request(RestoreScope.User, StingSchema.KratosId(3)));
        var residuals = JsonNode.Parse(await File.ReadAllBytesAsync(done.Certificate!))!["certificate"]!["residual_copies"]!.AsArray();
        var ends = residuals.Select(copy => (string)copy!["ends"]!).ToList();
        Assert.Equal(2, residuals.Count);
        Assert.Contains("captures of whole servers", (string)residuals[0]!["what"]!, StringComparison.Ordinal);
        Assert.Contains("spool", (string)residuals[1]!["what"]!, StringComparison.Ordinal);

        // Now: what still holds it is what the certificate names, captures of whole servers, and nothing else.
        var now = await ScanAsync(living);
        Assert.NotEmpty(now);
        Assert.All(now, found => Assert.StartsWith("server: ", found, StringComparison.Ordinal));

        // Neighbours come back as they were.
        var rest = LivingReserve.Content(await living.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve, AllowPartial = true }));
        Assert.Equal("what four wrote", rest[$"users/{StingSchema.KratosId(4)}/diary.txt"]);
        Assert.Equal("the document of four", rest[$"jars/{LivingReserve.Jar}/four.md"]);

        // Once the last of the days has passed: nothing at all.
        var last = ends.Max(end => DateTimeOffset.Parse(end, CultureInfo.InvariantCulture));
        living.Clock.Advance(last - living.Clock.GetUtcNow() + TimeSpan.FromSeconds(1));
        Assert.Empty(await ScanAsync(living));
    }

    private static async Task PlantAsync(LivingReserve living)
    {
        foreach (var (person, text) in new[] { (3, $"{Planted} diary"), (4, "what four wrote") })
        {
            var folder = Directory.CreateDirectory(Path.Combine(living.Root, "reserve", "users", StingSchema.KratosId(person))).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "diary.txt"), text);
        }
        await living.AddDocumentAsync("three.md", $"{Planted} document", 3);
        await living.AddDocumentAsync("four.md", "the document of four", 4);
        living.Vault.Mount("sting").Seed($"files/{StingSchema.KratosId(3)}/user_document/{1:x16}", VaultClients.Upload(Encoding.UTF8.GetBytes($"{Planted} secret"), Planted));
        living.Vault.Mount("sting").Seed($"files/{StingSchema.KratosId(4)}/user_document/{1:x16}", VaultClients.Upload([1, 2, 3]));
        await living.Cluster.ExecuteAsync("sting_app", $"UPDATE file_assets SET filename = '{Planted} row' WHERE owner_id = '{StingSchema.KratosId(3)}'; CHECKPOINT");
        var collection = ChromaSample.Seed(ChromaSample.CollectionOf(LivingReserve.Jar), 2, 1);
        collection.Metadata = new JsonObject { ["uploaded_by"] = StingSchema.KratosId(3), ["title"] = $"{Planted} vectors" };
        living.Chroma.Collections.Add(collection);
    }

    /// <summary>Restores each restore point of each data class, and the server as of its latest moment; gives what holds the text.</summary>
    private static async Task<List<string>> ScanAsync(LivingReserve living)
    {
        var found = new List<string>();
        await using var installation = await living.OpenAsync();
        var points = new List<RestorePoint>();
        using (var catalog = new Catalog(installation))
        {
            await foreach (var point in catalog.PointsAsync(new PointQuery(), default))
            {
                points.Add(point);
            }
        }
        foreach (var point in points.Where(point => point.Items > 0).DistinctBy(point => (point.BackupId, point.DataClass)))
        {
            var prefix = point.DataClass == DataClass.Physical ? "server: " : "";
            var request = new RestoreRequest { Scope = RestoreScope.Reserve, BackupId = point.BackupId, Classes = [point.DataClass], Destination = Path.Combine(living.Root, $"scan-{Guid.NewGuid():n}") };
            var plan = await RestoreJob.PlanAsync(installation, request, default);
            await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default));
            found.AddRange(Search(request.Destination!).Select(path => prefix + path));
        }
        try
        {
            var destination = Path.Combine(living.Root, $"scan-{Guid.NewGuid():n}");
            var plan = await DatabaseRestoreJob.PlanAsync(installation, null, destination, default);
            await TestInstallation.CompleteAsync<DatabaseRestoreResult>(DatabaseRestoreJob.RunAsync(installation, plan, default));
            found.AddRange(Search(destination).Select(path => "server: " + path));
        }
        catch (StingException e) when (e.ErrorId == "DatabaseBackupMissing")
        {
            // Nobody is given a capture of a server any more.
        }
        return found;
    }

    private static IEnumerable<string> Search(string folder)
    {
        var needle = Encoding.UTF8.GetBytes(Planted);
        var encoded = Encoding.ASCII.GetBytes(Convert.ToBase64String(needle)[..^4]);
        foreach (var path in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories) : [])
        {
            var bytes = File.ReadAllBytes(path);
            if (bytes.AsSpan().IndexOf(needle) >= 0 || bytes.AsSpan().IndexOf(encoded) >= 0 || path.Contains(Planted, StringComparison.Ordinal))
            {
                yield return Path.GetRelativePath(folder, path);
            }
        }
    }
}
