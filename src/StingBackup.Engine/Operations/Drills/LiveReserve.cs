using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Targets.Vault;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>
/// The reserve as it is now, where a file's length and time say that it did not change since a restore point: a truth that no backup and no restore had a hand in. It is read and never written;
/// a source that cannot be asked is passed over, and told once.
/// </summary>
internal sealed class LiveReserve : IDisposable
{
    private readonly JobOutput _output;
    private readonly List<(EntryPath Mount, Lazy<IRestoreTarget?> Place)> _places;

    public LiveReserve(Installation installation, JobOutput output, CancellationToken cancel)
    {
        _output = output;
        _places = [.. installation.Sources.Where(s => s.Folder is not null || s.Mount == ReserveMounts.Vault).OrderByDescending(s => s.Mount.Bytes.Length).Select(s =>
            (s.Mount, new Lazy<IRestoreTarget?>(() => Open(installation, s, cancel))))];
    }

    /// <summary>The SHA-256 of a file that did not change since; null where it did, or cannot be read.</summary>
    public byte[]? HashOfUnchanged(TreeEntry entry, CancellationToken cancel)
    {
        var path = entry.Path;
        // Databases and vectors stand among the paths of the reserve's folder, and are not in it.
        var (mount, place) = _places.Find(p => path.IsWithin(p.Mount));
        try
        {
            if (mount is null || place.Value is not { } live || live.Find(path.RelativeTo(mount)) is not { } found || !IsUnchanged(found, entry))
            {
                return null;
            }
            byte[] hash;
            using (var file = live.OpenExisting(found))
            {
                hash = Hash(file, cancel);
            }
            return live.Find(found.Path) is { } still && IsUnchanged(still, entry) ? hash : null;
        }
        catch (StingException)
        {
            return null;   // it is gone by now, or nobody lets us: the catalogue decides
        }
    }

    /// <summary>The SHA-256 of a file; holes are zeros.</summary>
    public static byte[] Hash(ISourceFile file, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (var at = 0L; ;)
        {
            cancel.ThrowIfCancellationRequested();
            var read = file.Read(at, buffer);
            if (read == 0)
            {
                return hash.GetHashAndReset();
            }
            hash.AppendData(buffer, 0, read);
            at += read;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, place) in _places.Where(p => p.Place.IsValueCreated))
        {
            place.Value?.Dispose();
        }
    }

    private static bool IsUnchanged(SourceEntry found, TreeEntry entry) => found.Kind == ItemKind.File && (found.Stamp.Length == entry.Length || found.Stamp.Length == FileStamp.UnknownLength) && found.Metadata.ModifiedNs == entry.Metadata.ModifiedNs;

    private IRestoreTarget? Open(Installation installation, ReserveSource source, CancellationToken cancel)
    {
        try
        {
            if (source.Folder is { } folder)
            {
                // One that is not there must not be made.
                return Directory.Exists(folder) ? DirectoryRestoreTarget.Open(folder) : null;
            }
            return installation.Configuration?.Vault is { } vault
                ? VaultRestoreTarget.OfClient(ConfiguredSources.OpenVault(vault, installation.HostView, installation.Clock), vault.Mount, vault.Prefix, installation.Clock, MasterKeys.Load(vault.MasterKeyFiles, _output.Warn), cancel) : null;
        }
        catch (StingException e)
        {
            _output.Warn($"{source.Name} cannot be asked, so that what is restored of it is compared with the catalogue alone: {e.Message}");
            return null;
        }
    }
}
