using System.Text.Json;
using System.Text.Json.Nodes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle.Certificates;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Repository.Parity;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>Certifies what a sweep deleted: a signed file and its page in the host's state folder, the certificate's digest in the audit chain. Done before the mark goes, so a sweep that is killed certifies again.</summary>
/// <param name="installation">The installation at the tier that is swept.</param>
/// <param name="home">The installation that keeps the audit.</param>
/// <param name="output">Told what is weaker than it should be.</param>
internal sealed class PurgeRecord(Installation installation, Installation home, JobOutput output)
{
    private readonly DiskKeyFiles _files = new(installation.Clock);

    private string Folder => Path.Combine(installation.StateFolder, "certificates", installation.Reserve.ToString());

    /// <summary>Certifies a mark whose packs were deleted; returns the certificate's path, or null where this host cannot prove who it is.</summary>
    /// <param name="survey">The look that the deletion went by.</param>
    /// <param name="mark">The mark.</param>
    /// <param name="deleted">Its packs that were deleted, now or before the sweep was killed.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>PurgeIncomplete</c>: a pack that was deleted is still there.</exception>
    public async ValueTask<string?> CertifyAsync(PruneSurvey survey, PackMark mark, IReadOnlyList<MarkedPack> deleted, CancellationToken cancel)
    {
        if (await EnrolmentAsync(cancel).ConfigureAwait(false) is not var (enrolment, keyRole))
        {
            output.Warn("No certificate was made of what was deleted: this host's enrolment, which a certificate needs, is not in the repository. Run Repair-StingRepository.");
            return null;
        }
        foreach (var pack in deleted)
        {
            string[] names = installation.Store.Parity is null ? [pack.Name] : [pack.Name, PackParity.NameOf(pack.Name)];
            foreach (var name in names)
            {
                if (await installation.Store.GetLengthAsync(name, cancel).ConfigureAwait(false) is not null)
                {
                    throw new StingException("PurgeIncomplete", FailureKind.Io, $"'{name}' was deleted and is still in {installation.Store.Location}.", name, "Look why the store keeps it (a lock, versions, another program), then run Optimize-StingRepository again.");
                }
            }
        }
        var facts = new PurgeFacts(mark.Marked.Mark, installation.AtTier, installation.Store.Location, await PartsAsync(survey, mark, cancel).ConfigureAwait(false), deleted, survey.Packs.Sum(use => use.RowsLength - use.LiveLength),
            installation.Clock.GetUtcNow());
        var certificate = PurgeCertificate.Make(facts, installation.Reserve, (installation.Writer, installation.Signer), enrolment, keyRole);
        var path = PathOf(mark.Marked.Mark);
        _files.MakeFolder(Folder);
        _files.Replace(path, certificate);
        _files.Replace(Path.ChangeExtension(path, ".html"), CertificatePage.Render(certificate));
        await AuditLog.NoteAsync(home, "Optimize-StingRepository", [], FormattableString.Invariant($"Purged {deleted.Count}; certificate {mark.Marked.Mark}, SHA-256 {PointRecord.HashOf(certificate)}"), cancel).ConfigureAwait(false);
        return path;
    }

    private string PathOf(Id16 mark) => Path.Combine(Folder, $"purge-{mark}.json");

    /// <summary>What had been let go when the packs were marked, less what earlier certificates of this tier name.</summary>
    private async ValueTask<IReadOnlyList<(string BackupId, DroppedPart Part)>> PartsAsync(PruneSurvey survey, PackMark mark, CancellationToken cancel)
    {
        var certified = Certified(PathOf(mark.Marked.Mark));
        var names = survey.View.Points.ToDictionary(p => (p.Record.Writer, p.Record.Sequence), p => p.Record.Name);
        var drops = await DropBook.LoadAsync(installation.Store, installation.Reserve, installation.Writers, [], cancel).ConfigureAwait(false);
        return [.. drops.Records.Where(drop => drop.TimeNs <= mark.Marked.TimeNs).SelectMany(drop => drop.Parts)
            .Select(part => (names.GetValueOrDefault((part.Writer, part.Sequence)) ?? $"{part.Writer}/{part.Sequence}", part))
            .Where(item => !certified.Contains((item.Item1, item.part.Class.ToString()))).DistinctBy(item => (item.Item1, item.part.Class)).OrderBy(item => item.Item1, StringComparer.Ordinal).ThenBy(item => item.part.Class)];
    }

    private HashSet<(string BackupId, string Class)> Certified(string except)
    {
        var certified = new HashSet<(string, string)>();
        foreach (var path in Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder, "purge-*.json") : [])
        {
            if (path == except)
            {
                continue;   // of this very mark, by a sweep that was killed
            }
            try
            {
                var certificate = JsonNode.Parse(File.ReadAllBytes(path))?["certificate"];
                foreach (var part in certificate?["tier"]?.ToString() == installation.AtTier.ToString() ? certificate["restore_points"]?.AsArray() ?? [] : [])
                {
                    certified.Add((part?["backup_id"]?.ToString() ?? "", part?["data_class"]?.ToString() ?? ""));
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or IOException)
            {
                output.Warn($"'{path}' is no certificate that can be read ({e.Message}): what it named is named again.");
            }
        }
        return certified;
    }

    /// <summary>The enrolment of the key that signs now, and the key of the key role that signed it: an earlier one, where it was renewed since.</summary>
    private async ValueTask<(ReadOnlyMemory<byte> Enrolment, ReadOnlyMemory<byte> KeyRole)?> EnrolmentAsync(CancellationToken cancel)
    {
        if (installation.Keys is not { } keys)
        {
            return null;
        }
        await foreach (var item in installation.Store.ListAsync(KeyObjectNames.Writer(installation.Writer, 1), cancel).ConfigureAwait(false))
        {
            var bytes = await installation.Store.ReadAllAsync(item.Name, cancel).ConfigureAwait(false);
            for (var at = 0; at < keys.KeyRoleKeys.Length; at += P256.PublicSize)
            {
                var keyRole = keys.KeyRoleKeys.Slice(at, P256.PublicSize);
                try
                {
                    if (WriterObject.Read(item.Name, bytes, installation.Reserve, keyRole.Span).Writer is { MayMaintain: true } writer && writer.SigningKey.AsSpan().SequenceEqual(installation.Signer.PublicKey.Span))
                    {
                        return (bytes, keyRole);
                    }
                }
                catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
                {
                    // Another key or revision may do; a damaged enrolment was told when the repository was opened.
                }
            }
        }
        return null;
    }
}
