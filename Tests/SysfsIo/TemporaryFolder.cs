using Xunit;

namespace ActorRaid.Tests.SysfsIo;

/// <summary>A folder that goes away with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("sysfsio").FullName;

    internal string this[string name] => System.IO.Path.Combine(Path, name);

    internal string File(string name, string text)
    {
        System.IO.File.WriteAllText(this[name], text);
        return this[name];
    }

    internal string File(string name, int bytes)
    {
        var content = new byte[bytes];
        new Random(1).NextBytes(content);
        System.IO.File.WriteAllBytes(this[name], content);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Waiting with a limit that a busy machine keeps.</summary>
internal static class Patience
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    internal static void Until(Func<bool> condition, string what)
    {
        var end = DateTime.UtcNow + Limit;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, $"waited in vain: {what}");
            Thread.Sleep(5);
        }
    }

    /// <summary>It does not come about at once. Only where nothing tells that it never will.</summary>
    internal static void NotSoon(Func<bool> condition, string what) =>
        Assert.False(SpinWait.SpinUntil(condition, Soon), what);

    internal static T Within<T>(Task<T> task)
    {
        Assert.True(task.Wait(Limit), "waited in vain for a task");
        return task.Result;
    }
}
