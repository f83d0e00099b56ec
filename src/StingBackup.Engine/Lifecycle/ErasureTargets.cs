using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Lifecycle;

/// <summary>Whom a request for erasure means: names, the claims that they lead to, and the holds that stand against them.</summary>
internal static class ErasureTargets
{
    /// <summary>Whom a request means. A person goes with what he brought into jars, unless that is kept; a jar with all its contributors, unless one is named.</summary>
    public static async ValueTask<SubjectChoice> ChooseAsync(RepositoryReading repository, ErasureRequest request, CancellationToken cancel)
    {
        ClassPoint[] points = [.. repository.Finder.All];
        if (request is { Scope: RestoreScope.HoneyJar, Contributor: { } contributor })
        {
            return await repository.Resolver.ResolveContributorAsync(request.Subject, contributor, points, cancel).ConfigureAwait(false);
        }
        var choice = await repository.Resolver.ResolveAsync(request.Scope, request.Subject, points, cancel).ConfigureAwait(false);
        return choice with { WithContributions = request.Scope == RestoreScope.User && !request.KeepContributions };
    }

    /// <summary>Every name that a choice covers: its own, and contributors that only trees tell of.</summary>
    public static async ValueTask<IReadOnlyList<string>> NamesAsync(RepositoryReading repository, SubjectChoice choice, CancellationToken cancel)
    {
        if (!choice.IsOpen)
        {
            return choice.Names;
        }
        var all = await repository.Subjects.NamesAsync([.. repository.Finder.All], cancel).ConfigureAwait(false);
        return [.. choice.Names.Concat(all.Where(choice.Matches).Order(StringComparer.Ordinal)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The claims that names lead to.</summary>
    public static async ValueTask<List<ErasureTarget>> FindAsync(Installation installation, IReadOnlyList<string> names, CancellationToken cancel)
    {
        var reader = await ErasureJob.ReaderAsync(installation, cancel).ConfigureAwait(false);
        using var keyRole = new SignatureVerifier(installation.Keys!.KeyRoleKeys.Span);
        var targets = new List<ErasureTarget>();
        foreach (var tag in names.Select(reader.TagOf).Distinct())
        {
            var name = KeyObjectNames.Claim(tag);
            if ((await ClaimReader.ReadBytesAsync(installation.Store, name, cancel).ConfigureAwait(false) ?? installation.Keys.FindUnfinishedClaim(tag)) is { } bytes)
            {
                var claim = SubjectClaim.Read(name, bytes, installation.Reserve, keyRole, installation.Writers);
                targets.Add(new ErasureTarget(claim.Key.Pseudonym, tag, [.. claim.Aliases], new Id32(System.Security.Cryptography.SHA256.HashData(claim.Key.PublicKey))));
            }
        }
        return targets;
    }

    /// <summary>Refuses where a hold stands: on one of them, or, for a contributor, on the jar or the person as a whole.</summary>
    /// <exception cref="StingException"><c>LegalHoldStands</c></exception>
    public static void RefuseHeld(ErasureBook book, IReadOnlyList<ErasureTarget> targets, IReadOnlyList<string> names, SubjectReader reader)
    {
        if (HoldsOn(book, targets, names, reader) is [var hold, ..])
        {
            throw new StingException("LegalHoldStands", FailureKind.Refused, $"'{hold.Subject}' must be kept: {hold.Reason} (hold {hold.Id}, set by {hold.SetBy} on {Display.Time(NanosecondTime.FromNs(hold.SetNs, 0))}).",
                hold.Id.ToString(), $"Ask whoever set it; when it ends, lift it with Remove-StingLegalHold -Id {hold.Id}, and erase then.{(names.Skip(1).Any(name => SubjectNames.ContributorOf(name) is not null) ? " Where it keeps a jar alone, -KeepContributions erases the person without what he brought there." : "")}");
        }
    }

    /// <summary>Holds that stand against an erasure.</summary>
    public static IReadOnlyList<HoldRecord> HoldsOn(ErasureBook book, IReadOnlyList<ErasureTarget> targets, IEnumerable<string> names, SubjectReader reader) =>
        book.HoldsOn(targets.SelectMany(target => target.Aliases.Append(target.Tag)).Concat(names.SelectMany(SubjectNames.WithWholes).Distinct(StringComparer.Ordinal).Select(reader.TagOf)));

    /// <summary>The error where no claim is found.</summary>
    public static StingException Nothing(ErasureRequest request)
    {
        var whose = request.Contributor is { } contributor ? $"what '{contributor}' brought into '{request.Subject}'" : $"'{request.Subject}'";
        return new StingException("NothingToErase", FailureKind.NotFound, $"No backup holds anything of {whose}: there is no key of its to destroy.", request.Subject,
            "Check the name with Get-StingRestorePoint -Subject; data that was never backed up needs no erasure here."
            + (request.Contributor is null ? "" : " Documents of which nothing said who brought them are the jar's, and only the jar as a whole can be erased (Get-StingBackupStatus tells how many)."));
    }
}
