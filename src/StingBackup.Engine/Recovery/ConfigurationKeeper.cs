using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Recovery;

/// <summary>Sees to it that a sealed copy of this host's configuration lies where its restore points lie: each run that commits looks, and writes one where a setting changed since the newest.</summary>
internal static class ConfigurationKeeper
{
    private const string StateName = "configuration-copy";
    private const int Tries = 3;

    /// <summary>Looks and writes. What fails is told and fails no run: the next one tries again.</summary>
    public static async ValueTask KeepAsync(Installation installation, JobOutput output)
    {
        if (installation.Examined is not { } examined || installation.Host is not { } host || installation.Keys is not { IsEnrolled: true } keys)
        {
            return;
        }
        try
        {
            var content = new ConfigurationContent(installation.Writers.Find(host.Writer)?.HostName ?? Environment.MachineName, examined.File, examined.ToWriter().RenderGiven());
            if (await IsKeptAsync(installation, host.Writer, content).ConfigureAwait(false))
            {
                return;
            }
            for (var attempt = 0; attempt < Tries; attempt++)
            {
                var newest = await NewestAsync(installation.Store, host.Writer).ConfigureAwait(false);
                if (newest > 0 && await HoldsAsync(installation, ConfigurationCopy.NameOf(host.Writer, newest), content).ConfigureAwait(false))
                {
                    Remember(installation, newest, content);
                    return;
                }
                var copy = new ConfigurationCopy { Reserve = installation.Reserve, Writer = host.Writer, Revision = newest + 1, CreatedNs = installation.NowNs };
                using var key = keys.ConfigurationKey;
                if (await installation.Store.PutAsync(copy.ObjectName, copy.ToBytes(content, key, host.Signer, installation.Random), CancellationToken.None).ConfigureAwait(false))
                {
                    output.Explain($"The configuration goes with this run, sealed: {copy.ObjectName}.");
                    Remember(installation, copy.Revision, content);
                    return;
                }
            }
        }
        catch (Exception e) when (e is StingException or IOException or UnauthorizedAccessException)
        {
            output.TryWarn($"No copy of the configuration went with this run, so a bare start would find the one before: {e.Message}");
        }
    }

    /// <summary>The newest revision that there is; 0 for none.</summary>
    private static async ValueTask<long> NewestAsync(IObjectStore store, Id16 writer)
    {
        var newest = 0L;
        await foreach (var item in store.ListAsync($"{ConfigurationCopy.Prefix}{writer}/", CancellationToken.None).ConfigureAwait(false))
        {
            newest = ObjectKinds.Of(item.Name) == ObjectKind.Configuration ? Math.Max(newest, ObjectKinds.RunIn(item.Name).Sequence) : newest;
        }
        return newest;
    }

    private static async ValueTask<bool> HoldsAsync(Installation installation, string name, ConfigurationContent content)
    {
        try
        {
            using var key = installation.Keys!.ConfigurationKey;
            var copy = ConfigurationCopy.Read(name, await installation.Store.ReadAllAsync(name, CancellationToken.None).ConfigureAwait(false), installation.Reserve, installation.Writers.SigningKeyOf);
            return copy.Open(key) == content;
        }
        catch (StingException damaged) when (damaged.Kind is FailureKind.Integrity or FailureKind.NotSupported or FailureKind.NotFound)
        {
            return false;   // a next revision stands beside it; a verification tells it
        }
    }

    /// <summary>Whether this host remembers that just this was written, and the store still has it, whole: a request a run.</summary>
    private static async ValueTask<bool> IsKeptAsync(Installation installation, Id16 writer, ConfigurationContent content)
    {
        var path = PathOf(installation);
        return File.Exists(path) && File.ReadAllText(path).Trim().Split(' ') is [var number, var digest] && digest == content.Digest && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            && await HoldsAsync(installation, ConfigurationCopy.NameOf(writer, revision), content).ConfigureAwait(false);
    }

    private static void Remember(Installation installation, long revision, ConfigurationContent content)
    {
        Directory.CreateDirectory(installation.StateFolder);
        Durable.WriteFile(PathOf(installation), System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{revision} {content.Digest}\n")), replace: true, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static string PathOf(Installation installation) => Path.Combine(installation.StateFolder, StateName);
}
