// Private endpoints, and the names under which they are found: then storage and vault answer inside the network alone.

@description('Region of the endpoints.')
param location string

@description('Network that they are found from.')
param networkId string

@description('Subnet that they lie in.')
param subnetId string

@description('Id of the account with the state of the app.')
param stateAccountId string

@description('Id of the account with raw data; empty when there is only one.')
param rawAccountId string

@description('Id of the vault.')
param vaultId string

@description('Tags of every resource.')
param tags object

var suffix = environment().suffixes.storage

var zones = [
  'privatelink.blob.${suffix}'
  'privatelink.queue.${suffix}'
  'privatelink.table.${suffix}'
  'privatelink.vaultcore.azure.net'
]

var always = [
  { name: 'state-blob', target: stateAccountId, group: 'blob', zone: 0 }
  { name: 'state-queue', target: stateAccountId, group: 'queue', zone: 1 }
  { name: 'state-table', target: stateAccountId, group: 'table', zone: 2 }
  { name: 'vault', target: vaultId, group: 'vault', zone: 3 }
]

var ofRaw = [
  { name: 'raw-blob', target: rawAccountId, group: 'blob', zone: 0 }
]

var endpoints = empty(rawAccountId) ? always : concat(always, ofRaw)

resource zone 'Microsoft.Network/privateDnsZones@2020-06-01' = [for one in zones: {
  name: one
  location: 'global'
  tags: tags
}]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = [for (one, index) in zones: {
  parent: zone[index]
  name: 'portage'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: networkId
    }
  }
}]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-01-01' = [for one in endpoints: {
  name: 'pe-${one.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: one.name
        properties: {
          privateLinkServiceId: one.target
          groupIds: [
            one.group
          ]
        }
      }
    ]
  }
}]

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-01-01' = [for (one, index) in endpoints: {
  parent: endpoint[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: one.group
        properties: {
          privateDnsZoneId: zone[one.zone].id
        }
      }
    ]
  }
}]
