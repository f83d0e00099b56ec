namespace StingBackup.Engine.Reserve;

/// <summary>One person, as a users map knows them.</summary>
/// <param name="KratosId">The UUID that STING's identities have, or null.</param>
/// <param name="Id">The row number in <c>users.id</c>, or null.</param>
/// <param name="Email">E-mail address, or null.</param>
/// <param name="Folder">The folder's name in <c>users/</c>, or null where it is the id or the address.</param>
/// <param name="Name">For people, or null.</param>
/// <param name="Line">Line in the map's file, from 1; 0 where it comes from none.</param>
public sealed record UserEntry(Guid? KratosId, long? Id, string? Email, string? Folder, string? Name, int Line)
{
    /// <summary>The canonical name: by UUID where there is one, else by row number, else by folder or address.</summary>
    public string Subject =>
        KratosId is { } uuid ? SubjectNames.OfUser(uuid)
        : Id is { } row ? SubjectNames.OfUser(row)
        : SubjectNames.OfUserFolder(Folder ?? Email!);

    /// <summary>Every name that leads to this person, as people write them.</summary>
    public IEnumerable<string> Names =>
        ((string?[])[Email, Folder, KratosId?.ToString("D"), Id?.ToString(System.Globalization.CultureInfo.InvariantCulture)]).OfType<string>();
}
