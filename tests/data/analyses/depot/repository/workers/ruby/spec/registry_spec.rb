require "depot/registry"

RSpec.describe Depot::Registry do
  it "finds what was registered" do
    registry = described_class.new
    registry.register("pack", :handler)
    expect(registry.find("pack")).to eq(:handler)
  end

  xit "refuses a name twice" do
    registry = described_class.new
    registry.register("pack", 1)
    expect { registry.register("pack", 2) }.to raise_error(ArgumentError)
  end
end
