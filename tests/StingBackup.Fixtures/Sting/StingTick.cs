using Npgsql;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Sample;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Fixtures.Sting;

/// <summary>What a tick changed: no backup needs to read more.</summary>
/// <param name="Secrets">Versions of secrets that were written.</param>
/// <param name="SecretBytes">Bytes of uploads in them.</param>
/// <param name="Files">Files on disk that were changed, made, or given another name.</param>
/// <param name="FileBytes">Their length afterwards.</param>
/// <param name="Rows">Rows that were written or changed.</param>
/// <param name="RowGroups">Of how many pairs of table and owner these are.</param>
internal sealed record StingTickReport(int Secrets, long SecretBytes, int Files, long FileBytes, int Rows, int RowGroups);

/// <summary>Lets a quarter of an hour pass: changes a share of every source, by a seed.</summary>
internal sealed class StingTick(StingSite site, int seed)
{
    private static readonly string[] Folders = ["install/honey-reserve", "install/logs", "install/temp-uploads", "uploads"];
    private static readonly (SampleChangeKind Kind, double Weight)[] Turns = [(SampleChangeKind.Edited, 0.65), (SampleChangeKind.Created, 0.20), (SampleChangeKind.Deleted, 0.05), (SampleChangeKind.Renamed, 0.10)];

    private readonly SampleRandom _random = SampleRandom.For(seed, "sting tick");
    private readonly HashSet<(string Table, string Owner)> _groups = [];
    private int _rows;

    private StingPlan Plan => site.Plan;

    public async Task<StingTickReport> RunAsync(double share, CancellationToken cancel)
    {
        await using var app = await site.Cluster.ConnectAsync("sting_app");
        using var client = site.Vault.Client();
        var secrets = new StingSecrets(client.Kv(), Plan, seed);
        await ChangeUploadsAsync(app, secrets, share, cancel);
        var files = new SampleTick(site.Root, seed, Folders).Run(share, cancel).Items.Where(i => i.Kind != SampleChangeKind.Deleted).Select(i => Path.Join(site.Root, i.NewPath ?? i.Path)).Where(File.Exists).ToList();
        await FollowDocumentsAsync(app);
        await ChangeRowsAsync(app, share);
        return new StingTickReport(secrets.Written, secrets.Bytes, files.Count, files.Sum(f => new FileInfo(f).Length), _rows, _groups.Count);
    }

    private async Task ChangeUploadsAsync(NpgsqlConnection app, StingSecrets secrets, double share, CancellationToken cancel)
    {
        var live = Plan.Uploads.Where(u => u is { HasRow: true, IsDeleted: false, IsHeld: false } && u.Storage != StingStorage.OnDisk).ToArray();
        _random.Shuffle(live.AsSpan());
        var weights = Array.ConvertAll(Turns, t => t.Weight);
        List<StingUpload> made = [], gone = [], renamed = [];
        foreach (var upload in live.Take(Share(live.Length, share)))
        {
            var kind = made.Count == 0 ? SampleChangeKind.Edited : Turns[_random.PickWeighted(weights)].Kind;
            if (kind is SampleChangeKind.Edited or SampleChangeKind.Created)
            {
                var content = kind == SampleChangeKind.Edited ? upload.Content.Edited(_random.NextUInt64()) : upload.Content with { Seed = _random.NextUInt64() };
                made.Add(Plan.NewUpload(_random, upload.Owner, upload.Type, upload.Name, content, upload.Storage));
            }
            if (kind is SampleChangeKind.Edited or SampleChangeKind.Deleted)
            {
                upload.IsDeleted = true;
                gone.Add(upload);
            }
            else if (kind == SampleChangeKind.Renamed)
            {
                upload.Name = $"renamed {upload.Row} {upload.Name}";
                renamed.Add(upload);
            }
            Touch("file_assets", upload.OwnerId);
        }
        await secrets.WriteAsync(made, cancel);
        Plan.Uploads.AddRange(made);
        foreach (var upload in gone)
        {
            await secrets.RemoveAsync(upload, cancel);
        }
        await StingRows.AddAssetsAsync(app, made);
        await UpdateAsync(app, "UPDATE file_assets SET deleted_at = '2024-01-15 01:45:00+00' WHERE id = ANY($1)", gone.Select(u => u.Row).ToArray());
        await UpdateAsync(app, "UPDATE file_assets SET filename = n.name FROM unnest($1, $2) AS n(id, name) WHERE n.id = file_assets.id", renamed.Select(u => u.Row).ToArray(), renamed.Select(u => u.Name).ToArray());
        _rows += made.Count;
    }

    /// <summary>Rows of documents follow what became of their files.</summary>
    private async Task FollowDocumentsAsync(NpgsqlConnection app)
    {
        foreach (var jar in Plan.Jars)
        {
            var there = new DirectoryInfo(Path.Join(site.Uploads, jar.Id)).EnumerateFiles().ToDictionary(f => f.Name, f => f.Length, StringComparer.Ordinal);
            var known = Plan.Documents.Where(d => d.Jar == jar && d.DiskName is not null).ToList();
            var gone = known.Where(d => !there.ContainsKey(d.DiskName!)).ToList();
            var changed = known.Except(gone).Where(d => there[d.DiskName!] != d.Size).ToList();
            var made = there.Where(f => !known.Exists(d => d.DiskName == f.Key)).Select(f => new StingDocument { Id = _random.NextUuid(), Jar = jar, Name = f.Key, ContentType = "text/plain", DiskName = f.Key, Size = f.Value }).ToList();
            if (gone.Count + changed.Count + made.Count == 0)
            {
                continue;
            }
            changed.ForEach(d => d.Size = there[d.DiskName!]);
            Plan.Documents.RemoveAll(gone.Contains);
            Plan.Documents.AddRange(made);
            // Events of a document go with it.
            Touch("documents", jar.Id);
            Touch("jar_events", jar.Id);
            await UpdateAsync(app, "DELETE FROM documents WHERE id = ANY($1)", gone.Select(d => Guid.Parse(d.Id)).ToArray());
            await UpdateAsync(app, "UPDATE documents SET size_bytes = n.size FROM unnest($1, $2) AS n(id, size) WHERE n.id = documents.id", changed.Select(d => Guid.Parse(d.Id)).ToArray(), changed.Select(d => d.Size).ToArray());
            await StingRows.AddDocumentsAsync(app, made);
            _rows += made.Count;
        }
    }

    private async Task ChangeRowsAsync(NpgsqlConnection app, double share)
    {
        var people = Plan.People.ToArray();
        _random.Shuffle(people.AsSpan());
        var some = people.Take(Share(people.Length, share)).ToList();
        some.ForEach(p => Touch("user_settings", p.FolderName));
        await UpdateAsync(app, "UPDATE user_settings SET theme = CASE theme WHEN 'dark' THEN 'light' ELSE 'dark' END, seen = seen + interval '15 minutes' WHERE user_id = ANY($1)", some.Select(p => p.Id).ToArray());
        // Whoever does anything leaves audit rows; few people do in a quarter of an hour.
        var audit = await CountAsync(app, "audit_logs", share);
        await StingRows.CopyAsync(app, "audit_logs(user_id, action, at)", Enumerable.Range(0, audit).Select(n => StingRows.NewAudit(Touched("audit_logs", some, n % 11 == 0), n)));
        await StingRows.CopyAsync(app, "pii_audit_logs", Enumerable.Range(0, await CountAsync(app, "pii_audit_logs", share)).Select(_ => new object?[] { "seen again", Touched("pii_audit_logs", some, false).Email, 0.5f }));

        await using var messaging = await site.Cluster.ConnectAsync("sting_messaging");
        await StingRows.CopyAsync(messaging, "messages(sender_id, body, parent_id)", Enumerable.Range(0, await CountAsync(messaging, "messages", share)).Select(n => StingRows.NewMessage(_random, Touched("messages", some, false), 1 + n)[1..]));

        await using var kratos = await site.Cluster.ConnectAsync("kratos");
        var identities = some.Where(p => p.KratosId is not null).Select(p => Guid.Parse(p.KratosId!)).ToArray();
        some.Where(p => p.KratosId is not null).ToList().ForEach(p => Touch("identities", p.FolderName));
        await UpdateAsync(kratos, "UPDATE identities SET traits = traits || '{\"seen\": true}' WHERE id = ANY($1)", identities);
    }

    private SamplePerson Touched(string table, List<SamplePerson> people, bool isNobodys)
    {
        var person = _random.Pick(people);
        Touch(table, isNobodys ? "system" : person.FolderName);
        return person;
    }

    private void Touch(string table, string owner) => _groups.Add((table, owner));

    private async Task<int> CountAsync(NpgsqlConnection connection, string table, double share)
    {
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {table}", connection);
        var count = Share((int)(long)(await command.ExecuteScalarAsync())!, share);
        _rows += count;
        return count;
    }

    private async Task UpdateAsync(NpgsqlConnection connection, string sql, params Array[] values)
    {
        if (values[0].Length > 0)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (var value in values)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            }
            _rows += await command.ExecuteNonQueryAsync();
        }
    }

    private static int Share(int all, double share) => Math.Clamp((int)Math.Round(all * share), 1, all);
}
