using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Restore;

namespace StingBackup.Engine.Tests.Faults;

internal sealed partial class FaultWorld
{
    /// <summary>
    /// Everything as it must be: each tier that has restore points verifies with its data, each run that stands restores as the reserve was, and nobody comes back who was erased. Gives what there is in words that
    /// do not depend on names and keys drawn anew: what two repositories must have alike that went the same way.
    /// </summary>
    /// <param name="halfDone">A verb that told of a failure: what may be lacking then, and nothing else; null for none.</param>
    public async Task<string> LookAsync(FaultVerb? halfDone = null)
    {
        await using var installation = await OpenAsync();
        var state = new List<string>();
        foreach (var (tier, store) in ((Tier, MemoryObjectStore)[])[(Tier.Local, Local), (Tier.Remote, Remote), (Tier.Archive, Archive)])
        {
            await DescribeTierAsync(installation, (tier, store), state, halfDone);
        }
        state.Add(string.Create(CultureInfo.InvariantCulture, $"erased {installation.Ledger.Entries.Count}, enrolled {installation.Writers.All.Count}, revoked {installation.Writers.All.Count(w => w.LastGoodSequence is not null)}"));
        var (approvers, _) = await ApproverJobs.ListAsync(installation, default);
        state.Add(string.Create(CultureInfo.InvariantCulture, $"approvers {approvers.Count(a => a.State == ApproverState.Enrolled)}"));
        state.Add($"holds {string.Join(' ', LegalHolds.List(installation, withLifted: true).Select(h => $"{h.Subject} {h.IsActive}").Order(StringComparer.Ordinal))}");
        state.Add($"erasures {string.Join(' ', ErasureJob.List(installation).Select(e => $"{e.State}"))}");
        await DescribeClaimsAsync(installation, state);
        return string.Join('\n', state);
    }

    private async Task DescribeTierAsync(Installation installation, (Tier, MemoryObjectStore) at, List<string> state, FaultVerb? halfDone)
    {
        var (tier, store) = at;
        var view = await RepositoryView.LoadAsync(store, installation.Reserve, installation.Writers, default);
        Assert.Empty(view.Damage);
        var seen = new List<string>();
        if (view.Backups.Any())
        {
            await using var verifying = await OpenAsync();
            var told = new FaultTold();
            var result = await told.RunAsync<IntegrityResult>(VerifyJob.RunAsync(verifying, new VerifyRequest { Level = IntegrityLevel.Data, Tier = tier }, default));
            var faults = result.Faults.Where(f => halfDone is null || !IsOf(halfDone, f)).ToList();
            Assert.True(faults.Count == 0, $"{tier}: {string.Join("; ", faults.Select(f => $"{f.Object}: {f.Problem}"))}");
        }
        foreach (var point in view.Backups.Select(p => p.Record))
        {
            // A run that failed after its commit is one all the same: the reserve has not changed since.
            var expected = _runs.TryGetValue(point.Name, out var known) ? known : _runs[point.Name] = FolderImage.Files(Reserve);
            var image = tier == Tier.Local ? await RestoreAsync(point, expected, halfDone?.MaySay) : "there";
            var line = $"{tier} {string.Join(',', point.Classes.Select(c => c.Class))} {image}";
            // The same twice is one run that was told as failed, and its repetition.
            if (!_partial.Contains(point.Name) && (seen.Count == 0 || seen[^1] != line))
            {
                seen.Add(line);
            }
        }
        state.AddRange(seen);
    }

    private static bool IsOf(FaultVerb halfDone, IntegrityFault fault) => (fault.Problem.StartsWith("it is missing", StringComparison.Ordinal) && fault.FileCount == 0 && halfDone.MayLack.Any(kind => fault.Object.StartsWith(kind, StringComparison.Ordinal)))
        || (halfDone.MaySay is { } words && fault.Problem.Contains(words, StringComparison.Ordinal));

    private async Task<string> RestoreAsync(PointRecord point, SortedDictionary<string, string> expected, string? maySay)
    {
        var destination = Path.Combine(_keys.Folder, $"look-{Guid.NewGuid():n}");
        await using var installation = await OpenAsync();
        var told = new FaultTold();
        var request = new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination, BackupId = point.Name, Classes = [.. point.Classes.Select(c => c.Class).Where(c => c != DataClass.Physical)] };
        await told.RunAsync<RestoreResult>(RestoreJob.RunAsync(installation, await RestoreJob.PlanAsync(installation, request, default), default));
        var actual = FolderImage.Files(destination);
        Directory.Delete(destination, recursive: true);
        var problems = told.Failures.Where(f => !f.StartsWith("SubjectErased", StringComparison.Ordinal) && !f.Contains("owner", StringComparison.Ordinal) && (maySay is null || !f.Contains(maySay, StringComparison.Ordinal))).ToList();
        Assert.True(problems.Count == 0, $"{point.Name}: {string.Join("; ", problems)}");
        var gone = Erased is { } erased ? expected.Keys.Where(p => IsBelow(p, erased)).ToHashSet(StringComparer.Ordinal) : [];
        if (Erasing is { } erasing && !actual.Keys.Any(p => IsBelow(p, erasing)))
        {
            gone.UnionWith(expected.Keys.Where(p => IsBelow(p, erasing)));
        }
        // Retention lets go of classes: what of the run still stands is as it was.
        var classes = point.Classes.Select(c => c.Class).ToHashSet();
        var partial = _partial.Contains(point.Name);
        var wanted = expected.Where(e => !gone.Contains(e.Key) && (!partial || actual.ContainsKey(e.Key)) && classes.Contains(installation.Map.Classify(EntryPath.Parse(e.Key), ItemKind.File).DataClass));
        FolderImage.AssertSame(new(wanted.ToDictionary(e => e.Key, e => e.Value), StringComparer.Ordinal), actual);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', actual.Select(a => $"{a.Key} {WithoutTime(a.Value)}")))).AsSpan(0, 6));
    }

    private async Task DescribeClaimsAsync(Installation installation, List<string> state)
    {
        foreach (var (tier, store) in ((Tier, MemoryObjectStore)[])[(Tier.Local, Local), (Tier.Remote, Remote)])
        {
            using var verifier = new SignatureVerifier(installation.Keys!.KeyRoleKeys.Span);
            var claims = new List<string>();
            await foreach (var found in store.ListAsync(KeyObjectNames.ClaimPrefix, default))
            {
                var claim = SubjectClaim.Read(found.Name, await store.ReadAllAsync(found.Name, default), installation.Reserve, verifier, installation.Writers);
                claims.Add($"{claim.Tag}{(claim.Key.Generation > 1 ? " renewed" : "")}");
            }
            state.Add($"{tier} claims {string.Join(' ', claims)}");
        }
    }

    /// <summary>A new content has a new time in each copy of the world.</summary>
    private static string WithoutTime(string line) => string.Join(' ', line.Split(' ').Where((_, i) => i != 3));

    private static bool IsBelow(string path, string folder) => path.StartsWith(folder + "/", StringComparison.Ordinal);

    /// <summary>The objects of all tiers whose names say what is kept; audit records tell who did what, again each time.</summary>
    public IReadOnlyList<string> Names() =>
        [.. new[] { Local, Remote, Archive }.SelectMany((s, i) => s.Objects.Keys.Where(n => !n.StartsWith("audit/", StringComparison.Ordinal)).Select(n => $"{i} {n}"))];
}
