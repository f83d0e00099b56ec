using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;
using StingBackup.Fixtures.Sting;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Recovery.Whole;

/// <summary>What people go on doing until the disaster: rows, secrets and files, each with its number, and when it was acknowledged.</summary>
internal sealed class SteadyWrites : IAsyncDisposable
{
    public const string Mark = "steady-";

    private readonly ConcurrentDictionary<(string Kind, int Number), DateTimeOffset> _acknowledged = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private readonly StingSite _site;

    private readonly int _first;

    private SteadyWrites(StingSite site, int first)
    {
        (_site, _first) = (site, first);
        _work = Task.WhenAll(WriteAsync("row", RowAsync), WriteAsync("secret", SecretAsync), WriteAsync("file", FileAsync));
    }

    /// <summary>Begins.</summary>
    /// <param name="site">Where.</param>
    /// <param name="first">The first number; none may have been written before.</param>
    public static SteadyWrites Begin(StingSite site, int first = 1) => new(site, first);

    public int Count => _acknowledged.Count;

    /// <summary>Ends them all at once. What was under way was not acknowledged.</summary>
    public async Task<DateTimeOffset> StopAsync()
    {
        var end = TimeProvider.System.GetUtcNow();
        await _stop.CancelAsync();
        await _work;
        await Task.Delay(500);   // what was under way was let go, and may still end
        return end;
    }

    /// <summary>
    /// What of a kind is not there afterwards, as time: from the first acknowledged write that is gone to the disaster. All that was acknowledged before a moment must be there, or it is an error; of
    /// rows, which are of one moment, none may be there that a gap precedes.
    /// </summary>
    public Loss LossOf(string kind, IReadOnlySet<int> there, DateTimeOffset mustBeThere, DateTimeOffset disaster)
    {
        var all = _acknowledged.Where(w => w.Key.Kind == kind && w.Value <= disaster).OrderBy(w => w.Key.Number).ToList();
        var gone = all.Where(w => !there.Contains(w.Key.Number)).ToList();
        Assert.True(all.Count > 0, $"no {kind} was written");
        Assert.True(gone.TrueForAll(w => w.Value > mustBeThere), $"{gone.Count(w => w.Value <= mustBeThere)} of {all.Count} {kind}s that stood before the last run are gone");
        if (kind == "row" && gone.Count > 0)
        {
            var late = all.Where(w => there.Contains(w.Key.Number) && w.Key.Number > gone[0].Key.Number).ToList();
            Assert.True(late.Count == 0, $"{kind} {gone[0].Key.Number} is gone and {late.Count} later ones are there");
        }
        return new Loss(kind, all.Count, gone.Count, gone.Count == 0 ? TimeSpan.Zero : disaster - gone[0].Value);
    }

    /// <summary>The numbers that an installation holds.</summary>
    public static async Task<Dictionary<string, HashSet<int>>> ThereAsync(StingSite site, string database = "sting_app")
    {
        var secrets = new HashSet<int>();
        using var client = site.Vault.Client();
        foreach (var name in await client.Kv().ListAsync($"files/{OwnerOf(site)}/user_document", default) ?? [])
        {
            if (name.StartsWith(Mark, StringComparison.Ordinal))
            {
                secrets.Add(NumberOf(name));
            }
        }
        var folder = FolderOf(site);
        return new Dictionary<string, HashSet<int>>
        {
            ["row"] = [.. (await site.Cluster.RowsAsync(database, $"SELECT action FROM audit_logs WHERE action LIKE '{Mark}%'")).Select(NumberOf)], ["secret"] = secrets,
            ["file"] = [.. (Directory.Exists(folder) ? Directory.EnumerateFiles(folder, Mark + "*") : []).Select(f => NumberOf(Path.GetFileName(f)))],
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _stop.Dispose();
    }

    private static int NumberOf(string name) => int.Parse(name[Mark.Length..], CultureInfo.InvariantCulture);

    private static string OwnerOf(StingSite site) => site.Plan.People[0].FolderName;

    private static string FolderOf(StingSite site) => Path.Join(site.Install, "honey-reserve", OwnerOf(site));

    private async Task WriteAsync(string kind, Func<int, CancellationToken, Task> write)
    {
        for (var number = _first; !_stop.IsCancellationRequested; number++)
        {
            try
            {
                await Task.WhenAny(write(number, _stop.Token), Task.Delay(Timeout.Infinite, _stop.Token)).Unwrap();
                _acknowledged[(kind, number)] = TimeProvider.System.GetUtcNow();
                await Task.Delay(40, _stop.Token);
            }
            catch (Exception e) when (_stop.IsCancellationRequested && e is OperationCanceledException or NpgsqlException or StingException or IOException)
            {
                return;
            }
        }
    }

    private async Task RowAsync(int number, CancellationToken cancel)
    {
        await using var connection = await _site.Cluster.ConnectAsync("sting_app");
        await using var command = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO audit_logs(user_id, action, at) VALUES ('{OwnerOf(_site)}', '{Mark}{number}', now())"), connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private async Task SecretAsync(int number, CancellationToken cancel)
    {
        using var client = _site.Vault.Client();
        await client.Kv().WriteAsync(string.Create(CultureInfo.InvariantCulture, $"files/{OwnerOf(_site)}/user_document/{Mark}{number}"), VaultClients.Upload(BitConverter.GetBytes(number)), null, cancel);
    }

    private Task FileAsync(int number, CancellationToken cancel)
    {
        var folder = Directory.CreateDirectory(FolderOf(_site)).FullName;
        var path = Path.Join(folder, string.Create(CultureInfo.InvariantCulture, $"{Mark}{number}"));
        File.WriteAllText(path + ".part", number.ToString(CultureInfo.InvariantCulture));
        File.Move(path + ".part", path);
        return Task.CompletedTask;
    }
}

/// <summary>What of a kind was lost.</summary>
/// <param name="Kind">Rows, secrets or files.</param>
/// <param name="Written">How many were acknowledged.</param>
/// <param name="Gone">How many of them are gone.</param>
/// <param name="Time">From the first that is gone to the disaster.</param>
internal sealed record Loss(string Kind, int Written, int Gone, TimeSpan Time);
