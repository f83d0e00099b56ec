using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Fixtures.Sting;

/// <summary>Somebody of an imitated installation, for tests that do not see into the engine.</summary>
/// <param name="Id">Row number.</param>
/// <param name="Name">As STING names the person in paths and columns.</param>
/// <param name="Email">E-mail address.</param>
internal sealed record StingPerson(int Id, string Name, string Email)
{
    public static StingPerson Of(SamplePerson person) => new(person.Id, person.FolderName, person.Email);
}
