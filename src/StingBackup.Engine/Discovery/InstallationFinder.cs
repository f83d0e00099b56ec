using System.Runtime.CompilerServices;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Discovery;

/// <summary>Finds STING installations on this host. Reads alone, and asks Docker; changes nothing.</summary>
public static class InstallationFinder
{
    private static readonly string[] Compose = ["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"];

    /// <summary>Every installation: the one in a folder, or those in the places that STING's installer uses.</summary>
    /// <param name="path">A folder, absolute; null for the usual places.</param>
    /// <param name="useDocker">Whether Docker may be asked.</param>
    /// <param name="host">The host.</param>
    /// <param name="clock">Counts how long Docker takes.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>StingNotFound</c></exception>
    public static async IAsyncEnumerable<StingInstallation> FindAsync(string? path, bool useDocker, IHostView host, TimeProvider clock, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(host);
        string[] candidates = path is not null ? [Path.TrimEndingDirectorySeparator(path)] : [.. UsualPlaces(host)];
        var found = candidates.Where(c => IsInstallation(c, host)).DistinctBy(host.RealPath).ToList();
        if (found.Count == 0)
        {
            throw NotFound(candidates, host);
        }
        foreach (var folder in found)
        {
            yield return await new InstallationSurvey(folder, host).RunAsync(useDocker ? DockerCommand.Find(host, clock) : null, useDocker, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Where STING's installer puts it: on Linux, and on macOS.</summary>
    private static IEnumerable<string> UsualPlaces(IHostView host)
    {
        if (!host.IsWindows)
        {
            yield return "/opt/sting-ce";
        }
        yield return Path.Join(host.HomeDirectory, ".sting-ce");
    }

    private static bool IsInstallation(string folder, IHostView host) =>
        host.FileExists(Path.Join(folder, "conf", "config.yml"))
        || (host.DirectoryExists(Path.Join(folder, "env")) && Compose.Any(n => host.FileExists(Path.Join(folder, n))));

    private static StingException NotFound(string[] candidates, IHostView host)
    {
        var closed = candidates.FirstOrDefault(c => host.DirectoryExists(c) && !host.CanRead(c));
        return new StingException("StingNotFound", FailureKind.NotFound,
            $"There is no STING installation in {string.Join(" or ", candidates)}: no conf/config.yml, and no compose file beside a folder env{(closed is null ? "" : $" ({closed} may not be read by this user)")}.",
            candidates[0], closed is null ? "Give the folder that STING was installed to, its INSTALL_DIR (-Path, --path; in init -Sting, --sting)." : "Run this as a user that may read it, such as root.");
    }
}
