using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.People;

/// <summary>Somebody who signed in, as whoever proved it tells.</summary>
/// <param name="Identity">Who.</param>
/// <param name="VerifiedEmail">An address that the identity provider says it has verified; never one that somebody only wrote. Null where there is none.</param>
/// <param name="DisplayName">For people; decides nothing.</param>
public sealed record PersonClaim(AccessIdentity Identity, string? VerifiedEmail, string? DisplayName);

/// <summary>Who somebody who signed in is in the reserve. Only <see cref="SharedReserve.FindPersonAsync"/> makes one: what stands in it was looked up, and cannot be written by a page.</summary>
public sealed record Person
{
    internal Person(AccessIdentity identity, IReadOnlyList<string> subjects, string displayName) => (Identity, Subjects, DisplayName) = (identity, subjects, displayName);

    /// <summary>As whom the person signed in.</summary>
    public AccessIdentity Identity { get; }
    /// <summary>Canonical names of all that is this person's, the newest way to name them first.</summary>
    public IReadOnlyList<string> Subjects { get; }
    /// <summary>For people.</summary>
    public string DisplayName { get; }

    /// <summary>By what reserves that are open are found again.</summary>
    internal string Key => $"{Identity}\n{string.Join('\n', Subjects)}";

    /// <inheritdoc/>
    public bool Equals(Person? other) => other is not null && Key == other.Key;
    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);
}
