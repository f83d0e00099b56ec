namespace StingBackup.Engine.Tests;

public sealed class FirstUseTests
{
    /// <summary>Its thread tells nobody of a failure, so this must: a sample that the engine refuses prepares nothing.</summary>
    [Fact]
    public void What_it_makes_up_is_what_the_engine_takes() => FirstUse.Run();
}
